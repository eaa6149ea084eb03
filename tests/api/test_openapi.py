"""The OpenAPI document: valid, whole, and true enough that no call it allows breaks anything."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.core.result import Ok

from app.api import CONTRACTS, openapi
from tests import factories
from tests.factories import PASSWORD

NUMBERS = sorted(CONTRACTS)
Document = dict[str, Any]


def test_the_document_is_valid(client: FlaskClient) -> None:
    document = _document(client)

    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_the_part_of_a_contract_is_valid_and_only_its_own(client: FlaskClient, number: str) -> None:
    part = _document(client, f"?contract={number}")

    assert list(OpenAPIV31SpecValidator(part).iter_errors()) == []
    tags = {tag for operation in _operations(part).values() for tag in operation["tags"]}
    assert {tag[:3] for tag in tags} == {number}


def test_of_a_contract_that_is_none_there_is_no_part(client: FlaskClient) -> None:
    assert client.get("/openapi.json?contract=005").status_code == 404


def test_every_route_of_the_api_is_documented_and_nothing_else(portal: Flask) -> None:
    documented = set(_operations(_document(portal.test_client())))

    routed = {
        (method, openapi.path_of(rule))
        for rule in openapi.rules_of(portal)
        for method in openapi.methods_of(rule)
    }
    assert documented == routed


def test_no_two_operations_have_one_name(client: FlaskClient) -> None:
    names = Counter(each["operationId"] for each in _operations(_document(client)).values())

    assert not [name for name, count in names.items() if count > 1]


def test_the_place_that_two_contracts_claim_has_both_bodies(client: FlaskClient) -> None:
    login = _operations(_document(client))["POST", "/auth/login"]

    content = login["requestBody"]["content"]
    assert content["application/json"]["example"]["email"]
    assert content["application/x-www-form-urlencoded"]["example"]["username"]
    values = _values(login["responses"]["200"])
    assert any("jwt_token" in each for each in values)
    assert any("access_token" in each for each in values)


def test_whatever_takes_a_body_has_an_example_of_it(client: FlaskClient) -> None:
    for operation in _operations(_document(client)).values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["example"]


def test_whatever_needs_a_bearer_says_which(client: FlaskClient) -> None:
    operations = _operations(_document(client))

    assert operations["GET", "/api/v1/me"]["security"] == openapi.BEARER
    assert operations["POST", "/auth/token/refresh"]["security"] == openapi.REFRESH
    assert "security" not in operations["POST", "/user/login"]


def test_every_error_has_an_example(client: FlaskClient) -> None:
    for (method, path), operation in _operations(_document(client)).items():
        for status, answer in operation["responses"].items():
            assert status < "400" or _values(answer), f"{method} {path} {status}"


@pytest.mark.slow
def test_no_call_that_the_document_allows_breaks_anything(
    portal: Flask, change_settings: Callable[..., None]
) -> None:
    change_settings(rate_limits=False)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", portal)
    tried = 0

    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        _try_out(found.ok(), _bearer(portal.test_client()))
        tried += 1

    assert tried > 20


def _try_out(operation: Any, bearer: str) -> None:
    """Call an operation with whatever its schema allows, signed in and not."""

    @hypothesis.settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(), signed_in=hypothesis.strategies.booleans())
    def run(case: Any, *, signed_in: bool) -> None:
        headers = {"Authorization": f"Bearer {bearer}"} if signed_in else {}
        answer = case.call(headers=headers)
        assert answer.status_code < 500, case.as_curl_command()

    run()


def _bearer(client: FlaskClient) -> str:
    """Sign in as somebody new: some calls end the session, or remove the account."""
    sent = {"username": factories.account().email, "password": PASSWORD}
    return str(client.post("/auth/login", data=sent).get_json()["access_token"])


def _document(client: FlaskClient, query: str = "") -> Document:
    answer = client.get(f"/openapi.json{query}")
    assert answer.mimetype == "application/json"
    found: Document = answer.get_json()
    return found


def _operations(document: Document) -> dict[tuple[str, str], Document]:
    return dict(_each_operation(document))


def _each_operation(document: Document) -> Iterator[tuple[tuple[str, str], Document]]:
    for path, here in document["paths"].items():
        for method, operation in here.items():
            yield (method.upper(), path), operation


def _values(answer: Document) -> list[Any]:
    contents = answer.get("content", {}).values()
    return [example["value"] for each in contents for example in each["examples"].values()]
