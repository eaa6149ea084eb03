"""Somebody at a portal without a browser: one cookie jar, and forms with their tokens."""

import re
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import IO
from urllib.error import HTTPError

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LONGEST_ANSWER_S = 20
FORM = "application/x-www-form-urlencoded"
BETWEEN = "between-the-parts-of-a-form"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    text: str
    seconds: float


class Client:
    """Redirects are not followed: their status says that something was done."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(), _StandStill()
        )
        self._token = ""

    def open_form(self, path: str) -> Answer:
        """Read a page, and keep its token for all forms that follow."""
        page = self._ask(path, None)
        found = TOKEN.search(page.text)
        assert found, page
        self._token = found.group(1)
        return page

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form; raise OSError where the portal is gone."""
        body = urllib.parse.urlencode({"csrf_token": self._token, **fields})
        return self._ask(path, body.encode())

    def post_file(self, path: str, field: str, name: str, content: bytes) -> Answer:
        """Send a form with a file."""
        head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
        body = (
            f'--{BETWEEN}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
            f"{self._token}\r\n--{BETWEEN}\r\n{head}\r\n\r\n"
        ).encode() + content
        kind = f"multipart/form-data; boundary={BETWEEN}"
        return self._ask(path, body + f"\r\n--{BETWEEN}--\r\n".encode(), kind)

    def _ask(self, path: str, body: bytes | None, kind: str = FORM) -> Answer:
        began = time.monotonic()
        headers = {"Content-Type": kind} if body is not None else {}
        request = urllib.request.Request(self._root + path, body, headers)  # noqa: S310 (ours)
        try:
            answer = self._opener.open(request, timeout=LONGEST_ANSWER_S)
        except HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode()
        return Answer(answer.status, answer.headers, text, time.monotonic() - began)


class _StandStill(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0913, PLR0917 (urllib's signature)
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None
