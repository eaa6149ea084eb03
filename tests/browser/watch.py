"""What must never happen in a browser, whatever the test is about."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, expect

NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1100, "height": 700}
EXPECTED = (
    "Failed to load resource: the server responded with a status of 4",  # a form that was refused
    "Clear-Site-Data header",
)

_axe = Axe()


class Watch:
    """Notes broken scripts, blocked parts of pages, and requests that leave the host."""

    def __init__(self, own_url: str) -> None:
        self.complaints: list[str] = []
        self._own = own_url + "/"

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._heard)
        context.on("weberror", self._broke)
        context.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(EXPECTED):
            self.complaints.append(f"{message.page and message.page.url}: {message.text}")

    def _broke(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._own, "data:")):
            self.complaints.append(f"asked {request.url}")


def fits_a_telephone(page: Page) -> None:
    """Assert that nothing has to be scrolled sideways at 320 px (WCAG 2.2, 1.4.10)."""
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    width = page.evaluate("document.scrollingElement.scrollWidth")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert width <= NARROW["width"], page.url


def looks_right(page: Page, heading: str) -> None:
    """Assert that this page fits, and that axe finds nothing in light, dark and narrow."""
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    page.emulate_media(color_scheme="dark")
    _accessible(page)
    page.emulate_media(color_scheme="light")
    _accessible(page)
    fits_a_telephone(page)


def _accessible(page: Page) -> None:
    results = _axe.run(page)
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"
