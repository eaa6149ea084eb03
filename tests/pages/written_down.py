"""What the code writes down: every word that a call of audit.record in app/ can name."""

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parents[2] / "app"


def words() -> set[str]:
    """Return each `what`; fail where a call names one that cannot be found out."""
    return {what for path in APP.rglob("*.py") for what in _of_file(path)}


def _of_file(path: Path) -> Iterator[str]:
    text = path.read_text()
    tree = ast.parse(text)
    calls = [(call, each) for each in _functions(tree) for call in _calls(each, "audit.record")]
    assert len(calls) == text.count("audit.record("), f"{path}: a call outside of a function"
    for call, function in calls:
        found = set(_meant(call.args[0], function, tree))
        assert found, f"{path}:{call.lineno}: what can this be?"
        yield from found


def _meant(what: ast.expr, function: ast.FunctionDef, tree: ast.Module) -> Iterator[str]:
    """Follow an expression to the words that it can be."""
    match what:
        case ast.Constant(value=str(word)):
            yield word
        case ast.IfExp(body=one, orelse=other):
            yield from _meant(one, function, tree)
            yield from _meant(other, function, tree)
        case ast.Name(id=name):
            for value, where in [*_assigned(name, function), *_given(name, function, tree)]:
                yield from _meant(value, where, tree)


def _assigned(name: str, function: ast.FunctionDef) -> Iterator[tuple[ast.expr, ast.FunctionDef]]:
    """Yield what is assigned to a name in its function, alone or as one of several."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value, function
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                named = [ast.unparse(each) for each in targets]
                yield from ((values[named.index(name)], function) for _ in {name} & set(named))


def _given(
    name: str, function: ast.FunctionDef, tree: ast.Module
) -> Iterator[tuple[ast.expr, ast.FunctionDef]]:
    """Yield what this file's functions hand over for an argument of this name."""
    arguments = [each.arg for each in function.args.args]
    if name not in arguments:
        return
    for caller in _functions(tree):
        for call in _calls(caller, function.name):
            yield call.args[arguments.index(name)], caller


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _calls(function: ast.FunctionDef, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield node
