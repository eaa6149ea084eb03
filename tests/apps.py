"""Authenticator apps for tests: ours, and another program's."""

import subprocess
from datetime import datetime

from app.clock import now
from app.security import totp


def code_of(secret: str, steps: int = 0) -> str:
    """Return what the app shows now, or would with a clock that is so many steps fast."""
    return totp.code_at(secret, totp.step_at(now()) + steps)


def wrong_code(secret: str, number: int = 0) -> str:
    """Return six digits, another for each number, that the app shows at no time within hours."""
    here = totp.step_at(now())
    shown = {totp.code_at(secret, here + step) for step in range(-130, 131)}
    never = (f"{digits:06d}" for digits in range(1_000) if f"{digits:06d}" not in shown)
    return [next(never) for _ in range(number + 1)][-1]


def oathtool_code(secret: str, moment: datetime | None = None) -> str:
    """Return what a program that is not ours shows."""
    at = int((moment or now()).timestamp())
    return _run("oathtool", "--totp", "--base32", f"--now=@{at}", secret)


def read_by_zbar(picture: str) -> str:
    """Return what a camera reads from the picture in this file."""
    return _run("zbarimg", "--quiet", "--raw", picture)


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return done.stdout.strip()
