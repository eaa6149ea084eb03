"""Speaking to mail servers: how we are let in, and what their answers mean."""

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote

import pytest

from app.mail import smtp
from app.mail.smtp import Accepted, RefusedForGood, Server, TryAgain, Unreachable
from tests.mail import servers
from tests.mail.conftest import Certificate
from tests.mail.servers import PASSWORD, USER, Script
from tests.servers import free_port

CREDENTIALS = f"{USER}:{quote(PASSWORD, safe='')}@"
AUTH = {"authenticator": servers.authenticator}


def a_message() -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Doorward <no-reply@portal.example>"
    message["To"] = "ann@example.org"
    message.set_content("Hello\n.\n.hidden\n")
    return message


def send(url: str, recipient: str = "ann@example.org") -> smtp.Outcome:
    with smtp.connect(smtp.server(url), "portal.example") as connection:
        return connection.send(a_message(), recipient)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("smtp://mail.example", Server("mail.example", 25)),
        ("smtp://mail.example?starttls=1", Server("mail.example", 587, starttls=True)),
        ("smtp://mail.example:2525?starttls=0", Server("mail.example", 2525)),
        ("smtps://mail.example", Server("mail.example", 465, tls=True)),
        ("smtp://[::1]:26", Server("::1", 26)),
        (
            "smtps://a%40b.example:p%40ss%3Aw%2Frd%25@mail.example:466?ca_file=/etc/ca.pem",
            Server(
                "mail.example",
                466,
                user="a@b.example",
                password="p@ss:w/rd%",
                tls=True,
                ca_file="/etc/ca.pem",
            ),
        ),
    ],
)
def test_a_url_says_where_the_server_is_and_how_to_be_let_in(url: str, meant: Server) -> None:
    assert smtp.server(url) == meant


def test_the_password_is_not_shown_with_the_server() -> None:
    assert PASSWORD not in repr(smtp.server(f"smtp://{CREDENTIALS}mail.example"))


def test_a_plain_server_takes_a_mail(serve: Callable[..., int], script: Script) -> None:
    assert send(f"smtp://127.0.0.1:{serve()}") == Accepted()

    [received] = script.received
    assert received.get_content().splitlines() == ["Hello", ".", ".hidden"]
    assert script.recipients == ["ann@example.org"]


def test_starttls_and_a_password(
    serve: Callable[..., int], script: Script, certificate: Certificate
) -> None:
    port = serve(
        tls_context=servers.tls(*certificate), require_starttls=True, auth_required=True, **AUTH
    )
    options = f"?starttls=1&ca_file={certificate.cert}"

    assert send(f"smtp://{CREDENTIALS}127.0.0.1:{port}{options}") == Accepted()
    assert script.passwords_checked == len(script.received) == 1


def test_tls_from_the_start_and_a_password(
    serve: Callable[..., int], script: Script, certificate: Certificate
) -> None:
    port = serve(ssl_context=servers.tls(*certificate), auth_require_tls=False, **AUTH)

    url = f"smtps://{CREDENTIALS}127.0.0.1:{port}?ca_file={certificate.cert}"
    assert send(url) == Accepted()
    assert script.passwords_checked == len(script.received) == 1


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    serve: Callable[..., int], script: Script, certificate: Certificate, name: str
) -> None:
    port = serve(tls_context=servers.tls(*certificate))
    trust = f"&ca_file={certificate.cert}" if name == "localhost" else ""  # that is not its name

    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        send(f"smtp://{name}:{port}?starttls=1{trust}")
    assert not script.received


def test_starttls_is_never_done_without(serve: Callable[..., int], script: Script) -> None:
    with pytest.raises(Unreachable, match="SMTPNotSupportedError"):
        send(f"smtp://127.0.0.1:{serve()}?starttls=1")
    assert not script.received


def test_a_wrong_password_is_our_configuration_and_no_mails_fault(
    serve: Callable[..., int],
) -> None:
    port = serve(auth_require_tls=False, **AUTH)

    with pytest.raises(Unreachable, match="SMTPAuthenticationError: 535") as refused:
        send(f"smtp://{USER}:wrong@127.0.0.1:{port}")
    assert refused.value.longest_pause == smtp.LONGEST_PAUSE
    assert "wrong" not in str(refused.value)


def test_a_server_that_is_away_is_asked_again_soon() -> None:
    with pytest.raises(Unreachable, match="ConnectionRefusedError") as refused:
        send(f"smtp://127.0.0.1:{free_port()}")
    assert refused.value.longest_pause == smtp.AWAY_PAUSE


@pytest.mark.parametrize(
    ("where", "answer", "outcome"),
    [
        ("rcpt", "451 4.7.1 Greylisted", TryAgain("RCPT TO: 451 4.7.1")),
        ("rcpt", "550 5.1.1 No ann@example.org here", RefusedForGood("RCPT TO: 550 5.1.1")),
        ("rcpt", "550 No such user", RefusedForGood("RCPT TO: 550")),
        ("data", "452 4.2.2 Full", TryAgain("DATA: 452 4.2.2")),
        ("data", "554 5.7.1 We know K7QF3-M9TXB", RefusedForGood("DATA: 554 5.7.1")),
        ("rcpt", "421 4.3.2 Closing", TryAgain("RCPT TO: 421 4.3.2", smtp.AWAY_PAUSE)),
        ("data", "421 4.3.2 Closing", TryAgain("DATA: 421 4.3.2")),
        ("data", servers.HANG_UP, TryAgain("SMTPServerDisconnected")),
    ],
)
def test_what_an_answer_means(
    serve: Callable[..., int], script: Script, where: str, answer: str, outcome: smtp.Outcome
) -> None:
    getattr(script, where).append(answer)

    assert send(f"smtp://127.0.0.1:{serve()}") == outcome


def test_a_server_that_says_nothing_is_given_up(
    serve: Callable[..., int], script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_S", 0.2)
    script.data.append(servers.SLEEP)

    assert send(f"smtp://127.0.0.1:{serve()}") == TryAgain("TimeoutError")


def test_one_refused_mail_leaves_the_connection_good(
    serve: Callable[..., int], script: Script
) -> None:
    script.rcpt.append("550 5.1.1 No")

    with smtp.connect(smtp.server(f"smtp://127.0.0.1:{serve()}"), "portal.example") as connection:
        connection.send(a_message(), "nobody@example.org")
        assert connection.send(a_message(), "ann@example.org") == Accepted()
    assert script.recipients == ["ann@example.org"]


def test_an_international_address_needs_a_server_that_knows_them(
    serve: Callable[..., int], script: Script
) -> None:
    knowing = serve(enable_SMTPUTF8=True)
    unknowing = serve(enable_SMTPUTF8=False)

    assert send(f"smtp://127.0.0.1:{knowing}", "zoë@example.org") == Accepted()
    assert script.recipients == ["zoë@example.org"]
    refused = send(f"smtp://127.0.0.1:{unknowing}", "zoë@example.org")
    assert isinstance(refused, RefusedForGood)


def test_we_introduce_ourselves_by_the_portals_name(serve: Callable[..., int]) -> None:
    to = smtp.server(f"smtp://127.0.0.1:{serve()}")

    with smtp.connect(to, "portal.example") as connection:
        assert connection._smtp.local_hostname == "portal.example"
        assert isinstance(connection._smtp, smtplib.SMTP)
