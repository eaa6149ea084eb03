"""Pictures of initials."""

from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from tests import factories

pytestmark = pytest.mark.usefixtures("portal")


def shown(svg: str) -> str:
    text = ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}text")  # noqa: S314 (ours)
    return text or ""


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("alice", "A"),
        ("rocket.cat", "RC"),
        ("o.k%2Bchat", "OK"),
        ("éva_ßtein", "ÉS"),
        ("%3Cscript%3Ealert(1)%3C/script%3E", "SA"),
        ("a/../b", "AB"),
        ("%26%22'", "?"),
        ("x" * 5_000, "X"),
    ],
)
def test_of_a_name_only_initials_are_shown(client: FlaskClient, name: str, initials: str) -> None:
    answer = client.get(f"/avatar/{name}")

    assert (answer.status_code, shown(answer.text)) == (200, initials)
    assert len(answer.text) < 500


def test_a_picture_tells_nobody_who_exists(client: FlaskClient) -> None:
    before = client.get("/avatar/alice")
    factories.account("alice@example.org", username="alice")

    assert client.get("/avatar/alice").data == before.data


def test_a_picture_can_do_no_harm_and_may_be_shown_anywhere(client: FlaskClient) -> None:
    headers = client.get("/avatar/alice").headers

    assert headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Cache-Control"] == "public, max-age=86400"
    assert "Set-Cookie" not in headers
