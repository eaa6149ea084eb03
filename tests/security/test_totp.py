"""Codes of authenticator apps, and the QR codes that set these up."""

import base64
import io
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from app.security import qr, totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
MOMENT = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)

    assert totp.code_at(RFC_SECRET, totp.step_at(moment)) == code
    assert totp.matching_step(RFC_SECRET, code, moment) == seconds // 30


@pytest.mark.parametrize(
    ("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_of_delay_is_allowed_and_no_more(steps: int, fits: bool) -> None:  # noqa: FBT001
    secret, step = totp.new_secret(), totp.step_at(MOMENT) + steps

    found = totp.matching_step(secret, totp.code_at(secret, step), MOMENT)

    assert found == (step if fits else None)


def test_a_step_that_was_accepted_is_refused_with_those_before_it() -> None:
    secret, step = totp.new_secret(), totp.step_at(MOMENT)

    for spent in (step - 1, step):
        code = totp.code_at(secret, spent)
        assert totp.matching_step(secret, code, MOMENT, newer_than=step) is None
    following = totp.code_at(secret, step + 1)
    assert totp.matching_step(secret, following, MOMENT, newer_than=step) == step + 1


RESHAPED: dict[str, Callable[[str], str]] = {
    "five digits": lambda code: code[:5],
    "a digit behind": lambda code: code + "0",
    "a digit before": lambda code: "0" + code,
    "a blank for a digit": lambda code: f" {code[1:]}",
    "a line's end": lambda code: f"{code}\n",
    "a blank between": lambda code: f"{code[:3]} {code[3:]}",
    "full width": lambda code: code.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
    "Arabic": lambda code: code.translate({ord("0") + n: 0x0660 + n for n in range(10)}),
    "nothing": lambda _code: "",
    "letters": lambda _code: "abcdef",
    "NUL": lambda _code: "\x00" * 6,
}


@pytest.mark.parametrize("how", RESHAPED)
def test_only_six_ascii_digits_are_a_code(how: str) -> None:
    secret = totp.new_secret()
    code = totp.code_at(secret, totp.step_at(MOMENT))

    assert totp.matching_step(secret, RESHAPED[how](code), MOMENT) is None


def test_a_secret_has_160_bits_and_is_new_each_time() -> None:
    secrets = {totp.new_secret() for _ in range(20)}

    assert len(secrets) == 20
    assert all(len(base64.b32decode(secret)) == 20 for secret in secrets)


def test_the_uri_names_issuer_account_and_secret() -> None:
    uri = urlsplit(totp.uri(RFC_SECRET, "ada@example.org", "Doorward"))

    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Doorward:ada@example.org"
    assert parse_qs(uri.query) == {"secret": [RFC_SECRET], "issuer": ["Doorward"]}


def test_a_name_cannot_pose_as_another_issuer() -> None:
    uri = urlsplit(totp.uri(RFC_SECRET, "Bank:ada&secret=AAAA#@example.org", "Doorward"))

    assert unquote(uri.path).split(":")[0] == "/Doorward"
    assert unquote(uri.path).count(":") == 1
    assert parse_qs(uri.query)["secret"] == [RFC_SECRET]


def test_a_picture_is_about_212_pixels_wide() -> None:
    png = _png(qr.png_data_uri(totp.uri(RFC_SECRET, "somebody@example.org", "Doorward")))

    width = int.from_bytes(png[16:20], "big")
    assert 180 <= width <= 260


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="needs zbarimg")
@pytest.mark.parametrize("name", ["ada@example.org", "jürgen@bücher.example", "名前", "a" * 300])
def test_a_picture_says_what_the_uri_says(name: str, tmp_path: Path) -> None:
    uri = totp.uri(totp.new_secret(), name, "Doorward")
    picture = tmp_path / "qr.png"
    picture.write_bytes(_png(qr.png_data_uri(uri)))

    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", str(picture)],  # noqa: S607 (found above)
        capture_output=True,
        text=True,
        check=True,
    )

    assert read.stdout.strip() == uri


@pytest.mark.skipif(shutil.which("oathtool") is None, reason="needs oathtool")
def test_another_programs_codes_are_ours() -> None:
    secret = totp.new_secret()
    for days in (0, 1, 4_000):
        moment = MOMENT + timedelta(days=days)
        shown = subprocess.run(
            ["oathtool", "--totp", "--base32", f"--now=@{int(moment.timestamp())}", secret],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        )

        assert totp.matching_step(secret, shown.stdout.strip(), moment) == totp.step_at(moment)


def _png(data_uri: str) -> bytes:
    kind, _, data = data_uri.partition(",")
    assert kind == "data:image/png;base64"
    return io.BytesIO(base64.b64decode(data, validate=True)).read()


TUTORIALS = "JBSWY3DPEHPK3PXP"  # 80 bits, as many systems' secrets have


def test_a_secret_of_80_bits_from_elsewhere_works() -> None:
    secret = totp.imported_secret(TUTORIALS)

    code = totp.code_at(secret, totp.step_at(MOMENT))
    assert totp.matching_step(secret, code, MOMENT) == totp.step_at(MOMENT)
    assert parse_qs(urlsplit(totp.uri(secret, "ada", "Doorward")).query)["secret"] == [TUTORIALS]


def test_of_a_short_secret_from_elsewhere_too_a_code_tells_how_far_its_clock_is_off() -> None:
    step = totp.step_at(MOMENT)
    late = totp.code_at(TUTORIALS, step - 3)

    assert totp.clock_offset(TUTORIALS, late, MOMENT) == timedelta(seconds=-90)
    used = totp.clock_offset(TUTORIALS, late, MOMENT, newer_than=step + totp.CLOCK_STEPS)
    assert used is None


@pytest.mark.parametrize(
    "spelling", ["jbsw y3dp ehpk 3pxp", "JBSW-Y3DP-EHPK-3PXP", " JBSWY3DPEHPK3PXP\n"]
)
def test_a_secret_is_read_in_the_spelling_that_people_copy(spelling: str) -> None:
    assert totp.imported_secret(spelling) == TUTORIALS


def test_padding_does_not_count() -> None:
    padded = base64.b32encode(b"12345678901").decode()

    assert padded.endswith("=")
    assert totp.imported_secret(padded) == padded.rstrip("=")


@pytest.mark.parametrize(
    "text", ["", "JBSWY3DP", "JBSWY3DPEHPK3PX1", "JBSWY3DPEHPK3PXPA", "ÄBSWY3DPEHPK3PXP", "A" * 104]
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        totp.imported_secret(text)
