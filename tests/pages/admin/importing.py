"""What tests of imports on the pages do again and again."""

import threading

from sqlalchemy import select

from app import db
from app.models import Import
from app.operations import import_work
from tests.pages.browser import HOST, Browser, Page, checked, values_of

BOUNDARY = "between-the-parts-of-a-form"
NEVER = threading.Event()
FILE = b"email,name,role\nana@example.org,Ana,student\nbo@example.org,Bo,teacher\n"


def upload(browser: Browser, at: str, content: bytes, name: str = "people.csv") -> Page:
    """Send a file, and follow the answer to a page."""
    return upload_files(browser, at, (content, name))


def upload_files(browser: Browser, at: str, *files: tuple[bytes, str]) -> Page:
    """Send the form for a file with any number of them."""
    url = f"{at}/imports/new"
    token = values_of(browser.open(url).form("Upload the file"))["csrf_token"]
    body, headers = multipart(token, *files)
    answer = browser.send("POST", url, data=body, headers=headers)
    if answer.status_code == 303:
        return browser.open(answer.headers["Location"])
    browser.page = checked(url, answer)
    return browser.page


def multipart(token: str, *files: tuple[bytes, str]) -> tuple[bytes, dict[str, str]]:
    """Return a form with files as it is sent, and its headers.

    Werkzeug's own client would put a large one into a file that nobody closes.
    """
    parts = [f'name="csrf_token"\r\n\r\n{token}'.encode()]
    parts += [f'name="file"; filename="{name}"\r\n\r\n'.encode() + each for each, name in files]
    begins = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    body = b"".join(begins + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return body, {"Origin": HOST, "Content-Type": kind}


def work() -> None:
    """Do all the work that waits, as a server's thread does."""
    db.session().rollback()
    while import_work.work_once(NEVER):
        db.session().rollback()


def check(browser: Browser, at: str, content: bytes, **fields: str) -> Page:
    """Upload a file, say what its columns are, and have every row checked."""
    upload(browser, at, content)
    browser.press("Check every row", **fields)
    return _look(browser)


def run(browser: Browser) -> Page:
    """Confirm a checked import, and have it done."""
    browser.open(f"{_url(browser)}/run")
    browser.press("Import")
    return _look(browser)


def undo(browser: Browser) -> Page:
    """Take an import back."""
    browser.open(f"{_url(browser)}/undo")
    browser.press("Take it back")
    return _look(browser)


def newest() -> Import:
    db.session().rollback()
    latest = select(Import).order_by(Import.started_at.desc(), Import.stage_at.desc()).limit(1)
    return db.session().scalars(latest).one()


def _look(browser: Browser) -> Page:
    work()
    return browser.open(_url(browser))


def _url(browser: Browser) -> str:
    path, _, rest = browser.shown.url.partition("/imports")
    which = rest.strip("/").split("/")[0] or str(newest().id)
    return f"{path}/imports/{which}"
