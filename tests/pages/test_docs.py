import json
import shlex
from collections.abc import Callable
from xml.etree.ElementTree import Element

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cli.command import VISITOR
from app.operations import demonstration
from app.pages.docs import CONTRACTS
from tests.pages.browser import Browser, text_of

NUMBERS = list(CONTRACTS)


def test_the_overview_points_a_client_at_each_contract(guest: Browser) -> None:
    page = guest.open("/docs")

    assert page.heading == "The APIs"
    for contract in CONTRACTS.values():
        assert f"{contract.number} {contract.name}" in page.main
    assert "Point your client at http://localhost:8000/v2" in page.main
    assert "openapi.json" in page.main


@pytest.mark.parametrize("number", NUMBERS)
def test_the_line_to_copy_works_against_the_demo(
    guest: Browser, client: FlaskClient, change_settings: Callable[..., None], number: str
) -> None:
    change_settings(demo=True)
    demonstration.fill(VISITOR)
    page = guest.open("/docs")

    [line] = [each for each in page.root.iter("code") if each.get("id") == f"line-{number}"]
    answer = _run(client, text_of(line))

    assert answer.status_code == 200, answer.text


def test_without_a_demo_the_lines_name_nobody(guest: Browser) -> None:
    page = guest.open("/docs")

    assert demonstration.PASSWORD not in page.text
    assert "you@example.org" in page.text


@pytest.mark.parametrize("number", NUMBERS)
def test_each_contract_has_a_page_that_needs_no_script(guest: Browser, number: str) -> None:
    page = guest.open(f"/docs/{number}")

    document = guest.send("GET", f"/openapi.json?contract={number}").get_json()
    assert page.heading == f"{number} {CONTRACTS[number].name}"
    for path, here in document["paths"].items():
        for method, operation in here.items():
            assert f"{method.upper()} {path}" in page.main
            assert operation["summary"] in page.main


def test_the_plain_list_shows_the_documents_examples(guest: Browser) -> None:
    page = guest.open("/docs/000")

    shown = [json.loads(text) for text in _boxes(page.root) if text.startswith("{")]
    assert {"email": "john@acme.com", "password": "SDf345FCe"} in shown


def test_of_a_contract_that_is_none_there_is_no_page(guest: Browser) -> None:
    assert guest.open("/docs/005").status == 404


def test_only_the_two_files_of_swagger_ui_are_served(client: FlaskClient) -> None:
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        answer = client.get(f"/docs/ui/{name}", buffered=True)
        assert answer.status_code == 200
        assert "max-age" in answer.headers["Cache-Control"]
    assert client.get("/docs/ui/oauth2-redirect.html").status_code == 404


def _boxes(root: Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter("pre")]


def _run(client: FlaskClient, line: str) -> TestResponse:
    """Send what curl would send."""
    words = iter(shlex.split(line)[1:])
    headers: dict[str, str] = {}
    fields: dict[str, str] = {}
    body, url = "", ""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        elif word == "--data-urlencode":
            name, _, value = next(words).partition("=")
            fields[name] = value
        else:
            url = word
    path = url.removeprefix("http://localhost:8000")
    return client.post(path, data=body or fields, headers=headers)
