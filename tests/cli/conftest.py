"""What tests of commands can ask for: commands in this process, and ones that really run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.conftest import KEY

ROOT = Path(__file__).resolve().parent.parent.parent

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(portal: Flask) -> Run:
    """Return a function that runs a command on the test's portal."""

    def invoke(*arguments: object, stdin: str | bytes | None = None) -> Result:
        words = [str(each) for each in arguments]
        return portal.test_cli_runner().invoke(args=words, input=stdin)

    return invoke


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment of its own: a key, and a database that has no tables yet."""
    others = {key: value for key, value in os.environ.items() if not key.startswith("DOORWARD_")}
    database = f"sqlite:///{tmp_path / 'doorward.sqlite'}"
    return others | {"DOORWARD_SECRET_KEY": KEY, "DOORWARD_DATABASE_URL": database}


@pytest.fixture
def start(environment: dict[str, str]) -> Start:
    """Return a function that starts `flask --app wsgi …` as a process of its own."""

    def started(*arguments: object, **settings: str) -> "subprocess.Popen[str]":
        words = [str(each) for each in arguments]
        return python("-m", "flask", "--app", "wsgi", *words, environment=environment | settings)

    return started


def python(*words: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start Python in the project's directory, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )


def ended(process: "subprocess.Popen[str]", within: float = 60) -> tuple[int, str, str]:
    """Wait for a process; return its exit code, and what it wrote on either stream.

    Nothing more is there to be read the second time.
    """
    closed = process.stdout is None or process.stdout.closed
    stdout, stderr = ("", "") if closed else process.communicate(timeout=within)
    return process.returncode, stdout, stderr
