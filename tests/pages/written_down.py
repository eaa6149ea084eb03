"""What the code writes down: every word that a call of audit.record in app/ can name."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

APP = Path(__file__).parents[2] / "app"
Place = tuple[Path, ast.FunctionDef]  # a file, and a function in it


def words() -> set[str]:
    """Return each `what`; fail where a call names one that cannot be found out."""
    return {what for path in _trees() for what in _of_file(path)}


def _of_file(path: Path) -> Iterator[str]:
    called = _calls_in(path, "audit.record")
    assert len(called) == path.read_text().count("audit.record("), f"{path}: outside a function"
    for call, function in called:
        found = set(_meant(call.args[0], (path, function)))
        assert found, f"{path}:{call.lineno}: what can this be?"
        yield from found


def _meant(what: ast.expr, place: Place) -> Iterator[str]:  # noqa: C901 (a case for each kind)
    """Follow an expression to the words that it can be."""
    match what:
        case ast.Constant(value=str(word)):
            yield word
        case ast.IfExp(body=one, orelse=other):
            yield from _meant(one, place)
            yield from _meant(other, place)
        case ast.Attribute(attr=name):
            yield from _given_to_a_field(name, place[0])
        case ast.Name(id=name):
            for value in _assigned(name, place[1]):
                yield from _meant(value, place)
            for value, caller in _given(name, place):
                yield from _meant(value, caller)


def _given_to_a_field(name: str, path: Path) -> Iterator[str]:
    """Yield the words that a file's dataclasses are made with in the field of this name."""
    for made in (each for each in ast.walk(_trees()[path]) if isinstance(each, ast.ClassDef)):
        fields = [ast.unparse(each.target) for each in made.body if isinstance(each, ast.AnnAssign)]
        if name not in fields:
            continue
        for call in (each for each in ast.walk(_trees()[path]) if isinstance(each, ast.Call)):
            if ast.unparse(call.func) == made.name:
                yield str(ast.literal_eval(call.args[fields.index(name)]))


def _assigned(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield what is assigned to a name in its function, alone or as one of several."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                named = [ast.unparse(each) for each in targets]
                yield from (values[named.index(name)] for _ in {name} & set(named))


def _given(name: str, place: Place) -> Iterator[tuple[ast.expr, Place]]:
    """Yield what callers hand over for an argument of this name, in this file and in others."""
    path, function = place
    arguments = [each.arg for each in function.args.args]
    if name not in arguments:
        return
    for other in _trees():
        called = function.name if other == path else f"{path.stem}.{function.name}"
        for call, caller in _calls_in(other, called):
            yield call.args[arguments.index(name)], (other, caller)


@cache
def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in APP.rglob("*.py")}


@cache
def _calls_in(path: Path, name: str) -> list[tuple[ast.Call, ast.FunctionDef]]:
    functions = [n for n in ast.walk(_trees()[path]) if isinstance(n, ast.FunctionDef)]
    return [
        (node, function)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name
    ]
