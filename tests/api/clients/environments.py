"""Environments of their own for others' clients, made once and kept in the user's cache."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doorward-tests"


def python_with(package: str) -> Path:
    """Return the interpreter of an environment that has `package`, pinned as `name==version`."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = CACHE / f"{package.replace('==', '-')}-python{version}"
    if not home.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        _install(home, package)
    return home / "bin" / "python"


def _install(home: Path, package: str) -> None:
    """Make the environment beside its place, and move it there whole: tests run side by side."""
    making = Path(tempfile.mkdtemp(dir=CACHE))
    run([sys.executable, "-m", "venv", str(making)])
    quietly = ["--quiet", "--disable-pip-version-check"]
    run([str(making / "bin" / "python"), "-m", "pip", "install", *quietly, package])
    try:
        making.rename(home)
    except OSError:  # somebody else was first
        shutil.rmtree(making)


def run(command: list[str], **variables: str) -> str:
    """Return what a command prints; its failure is the test's."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
