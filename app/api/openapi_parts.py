"""The parts that the OpenAPI document is made of. See openapi."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from apispec import APISpec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api.description import Answer, Operation

SCHEMAS = "#/components/schemas/"
FIRST = "application/json"  # stands first where a route takes several content types
WORDS = {str: "string", bool: "boolean", int: "integer", float: "number"}

Part = dict[str, Any]


def add_schemas(spec: APISpec, bodies: Mapping[type[BaseModel] | None, str]) -> dict[Any, str]:
    """Add the schema of each body, by the number of its contract; return what each is called."""
    names: dict[Any, str] = {}
    for number in sorted(set(bodies.values())):
        own = [each for each, of in bodies.items() if each is not None and of == number]
        template = f"{SCHEMAS}{_name(number, '{model}')}"
        references, made = models_json_schema(
            [(each, "validation") for each in own], ref_template=template
        )
        for name, schema in made.get("$defs", {}).items():
            spec.components.schema(_name(number, name), schema)
        for (model, _mode), reference in references.items():
            names[model] = reference["$ref"].removeprefix(SCHEMAS)
    return names


def identifier(operation: Operation) -> str:
    """Return a name for the operation that no other has."""
    words = re.findall(r"[A-Za-z0-9]+", operation.path)
    return "_".join([operation.method.lower(), *words])


def parameters(path: str) -> list[Part]:
    """Return what stands in braces in a path."""
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{([^}]+)}", path)
    ]


def body(operation: Operation, name: str) -> Part:
    """Return what a request carries, in each content type that the route takes."""
    content: Part = {"schema": {"$ref": SCHEMAS + name}}
    if operation.example is not None:
        content["example"] = operation.example
    types = sorted(operation.types, key=lambda each: (each != FIRST, each))
    return {"required": True, "content": {each: dict(content) for each in types}}


def responses(answers: Iterable[Answer]) -> Part:
    """Return all answers by status; several of one status are examples of it."""
    found: Part = {}
    for answer in answers:
        here = found.setdefault(str(answer.status), {"description": ""})
        here["description"] = " ".join(filter(None, (here["description"], _ended(answer.when))))
        for name, value in answer.headers.items():
            here.setdefault("headers", {})[name] = _header(value)
        if answer.example is not None:
            _add_example(here.setdefault("content", {}), answer)
        elif answer.media_type != FIRST:
            here.setdefault("content", {})[answer.media_type] = {"schema": {"type": "string"}}
    return found


def merged(one: Part, other: Part) -> Part:
    """Return two contracts' operations at one place as one: its content type tells them apart."""
    contents = one["requestBody"]["content"] | other["requestBody"]["content"]
    return {
        "tags": one["tags"] + other["tags"],
        "summary": f"{one['summary']} ({one['tags'][0]}), {other['summary']} ({other['tags'][0]})",
        "description": f"{one['description']} {other['description']}".strip(),
        "operationId": one["operationId"],
        "parameters": one["parameters"],
        "requestBody": {"required": True, "content": contents},
        "responses": _merged_responses(one["responses"], other["responses"]),
    }


def _name(number: str, model: str) -> str:
    return f"Contract{number}{model}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."


def _header(value: str) -> Part:
    return {"schema": {"type": "string"}, "example": value}


def _add_example(content: Part, answer: Answer) -> None:
    media_type = answer.media_type.partition(";")[0]
    here = content.setdefault(media_type, {"schema": {"anyOf": []}, "examples": {}})
    shape = _shape(answer.example)
    if shape not in here["schema"]["anyOf"]:
        here["schema"]["anyOf"].append(shape)
    key = f"example{len(here['examples']) + 1}"
    here["examples"][key] = {"summary": _ended(answer.when), "value": answer.example}


def _shape(example: Any) -> Part:
    """Return the schema of which `example` is one. Null may be anything."""
    if isinstance(example, dict):
        return {"type": "object", "properties": {k: _shape(v) for k, v in example.items()}}
    if isinstance(example, list):
        shapes: list[Part] = []
        shapes += [s for each in example if (s := _shape(each)) not in shapes]
        return {"type": "array", "items": {"anyOf": shapes} if shapes else {}}
    return {} if example is None else {"type": WORDS[type(example)]}


def _merged_responses(one: Part, other: Part) -> Part:
    both = {status: one.get(status) or other[status] for status in sorted(one | other)}
    for status in one.keys() & other.keys():
        both[status] = _merged_response(one[status], other[status])
    return both


def _merged_response(one: Part, other: Part) -> Part:
    found: Part = {"description": f"{one['description']} {other['description']}"}
    if headers := one.get("headers", {}) | other.get("headers", {}):
        found["headers"] = headers
    contents = one.get("content", {}) | other.get("content", {})
    for media_type in one.get("content", {}).keys() & other.get("content", {}).keys():
        contents[media_type] = _merged_content(
            one["content"][media_type], other["content"][media_type]
        )
    return found | ({"content": contents} if contents else {})


def _merged_content(one: Part, other: Part) -> Part:
    shapes = one["schema"]["anyOf"] + other["schema"]["anyOf"]
    values = [*one["examples"].values(), *other["examples"].values()]
    examples = {f"example{number}": value for number, value in enumerate(values, 1)}
    return {"schema": {"anyOf": shapes}, "examples": examples}
