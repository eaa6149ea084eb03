"""The OpenAPI document: what the contracts say of their routes, with the models that validate.

It is served at /openapi.json, whole or one contract of it, and read by the pages at /docs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from apispec import APISpec
from flask import Flask, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from app.api import openapi_parts, voices
from app.api.description import Operation

VERSION = "3.1.0"  # of OpenAPI
EXTENSION = "openapi"
TITLE = "Doorward's five contracts"
ABOUT = (
    "Five documented authentication APIs over one sign-in. A bearer that any of them hands out is "
    "good in all of them, as `Authorization: Bearer …`, or as `X-Auth-Token` beside `X-User-Id`.\n"
    "\nEvery answer tells in `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` "
    "how many calls are left to the caller's network; 429 and 503 say in `Retry-After` how many "
    "seconds to wait."
)
TAGS = {
    "000": ("MikroCloud", "A token for the password, then a bearer for the token."),
    "001": ("Rocket.Chat", "A user name and a password for an authToken."),
    "002": ("Bearer token", "A form for a signed token, as OAuth's password grant has it."),
    "003": ("InteDashboard", "One person chooses among organisations and roles."),
    "004": ("Hasura Backend Plus", "Signed tokens, renewed by a cookie, and codes from an app."),
}
BEARER: list[dict[str, list[str]]] = [{"bearer": []}, {"authToken": [], "userId": []}]
REFRESH: list[dict[str, list[str]]] = [{"refreshToken": []}, {}]
REFRESHED = {"/auth/token/refresh", "/auth/logout"}
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Of any of the contracts."},
    "authToken": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
    "userId": {"type": "apiKey", "in": "header", "name": "X-User-Id"},
    "refreshToken": {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
}

Document = dict[str, Any]


@dataclass(frozen=True)
class Route:
    """An operation, the number of its contract, and the operation that it is an alias of."""

    number: str
    operation: Operation
    alias_of: str = ""


class Documents:
    """The whole document, and the part of each contract; made at the first use."""

    def __init__(self, app: Flask, contracts: Mapping[str, ModuleType]) -> None:
        self._app = app
        self._contracts = contracts

    @cached_property
    def whole(self) -> Document:
        """All contracts in one document."""
        return _document(self._routes)

    @cached_property
    def parts(self) -> dict[str, Document]:
        """The document of each contract by its number."""
        return {
            number: _document([each for each in self._routes if each.number == number])
            for number in self._contracts
        }

    @cached_property
    def _routes(self) -> list[Route]:
        rules = [(rule, self._app.view_functions[rule.endpoint]) for rule in rules_of(self._app)]
        return [
            route
            for number, module in self._contracts.items()
            for route in _routes_of(number, module.OPERATIONS, rules)
        ]


def init_app(app: Flask, contracts: Mapping[str, ModuleType]) -> None:
    """Serve the document of these contracts, which are registered already."""
    app.extensions[EXTENSION] = Documents(app, contracts)
    app.add_url_rule("/openapi.json", EXTENSION, _serve)


def rules_of(app: Flask) -> list[Rule]:
    """Return the routes of the API; those that catch what is no route are none."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        and app.view_functions[rule.endpoint] is not voices.nothing_here
    ]


def path_of(rule: Rule) -> str:
    """Return a route's path as OpenAPI writes it."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def methods_of(rule: Rule) -> set[str]:
    """Return what a route answers, beside what HTTP makes of a GET."""
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def _serve() -> ResponseReturnValue:
    """Answer with the document, or with the part of `?contract=`."""
    documents: Documents = current_app.extensions[EXTENSION]
    number = request.args.get("contract")
    if number is not None and number not in documents.parts:
        abort(404)
    return jsonify(documents.whole if number is None else documents.parts[number])


def _routes_of(
    number: str, operations: tuple[Operation, ...], rules: list[tuple[Rule, Any]]
) -> Iterator[Route]:
    """Yield what a contract documents, each followed by the other paths of the same view."""
    documented = {(each.method, each.path) for each in operations}
    views = {(method, path_of(r)): view for r, view in rules for method in methods_of(r)}
    for operation in operations:
        yield Route(number, operation)
        view = views.get((operation.method, operation.path))
        for (method, path), other in views.items():
            fits = method == operation.method and (method, path) not in documented
            if fits and view is not None and other is view:
                yield Route(number, replace(operation, path=path), operation.path)


def _document(routes: list[Route]) -> Document:
    numbers = sorted({route.number for route in routes})
    spec = APISpec(
        title=TITLE,
        version="1",
        openapi_version=VERSION,
        info={"description": ABOUT},
        servers=[{"url": "/"}],
        tags=[_tag(number) for number in numbers],
    )
    for name, scheme in SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    names = openapi_parts.add_schemas(spec, {r.operation.body: r.number for r in routes})
    for path, operations in _by_path(routes, names).items():
        spec.path(path, operations=operations)
    return spec.to_dict()


def _tag(number: str) -> dict[str, str]:
    name, about = TAGS[number]
    return {"name": f"{number} {name}", "description": about}


def _by_path(routes: list[Route], names: dict[Any, str]) -> dict[str, dict[str, Document]]:
    """Return the operations by path and method; two contracts at one place become one."""
    paths: dict[str, dict[str, Document]] = {}
    for route in routes:
        here = paths.setdefault(route.operation.path, {})
        method = route.operation.method.lower()
        described = _described(route, names)
        before = here.get(method)
        here[method] = openapi_parts.merged(before, described) if before else described
    return paths


def _described(route: Route, names: dict[Any, str]) -> Document:
    operation, [tag] = route.operation, [_tag(route.number)["name"]]
    described: Document = {
        "tags": [tag],
        "summary": operation.summary,
        "description": _about(route),
        "operationId": openapi_parts.identifier(operation),
        "parameters": openapi_parts.parameters(operation.path),
        "responses": openapi_parts.responses(operation.answers),
    }
    if operation.body is not None:
        described["requestBody"] = openapi_parts.body(operation, names[operation.body])
    if operation.secured:
        described["security"] = BEARER
    elif operation.path in REFRESHED:
        described["security"] = REFRESH
    if route.alias_of:
        described["x-alias-of"] = route.alias_of
    return described


def _about(route: Route) -> str:
    alias = f"The same as {route.operation.method} {route.alias_of}." if route.alias_of else ""
    return " ".join(filter(None, (alias, route.operation.description)))
