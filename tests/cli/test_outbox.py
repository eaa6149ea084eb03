import signal
from collections.abc import Callable, Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from app import config, db
from app.models import ActivationTicket
from app.operations import tickets
from tests import factories, servers
from tests.cli.conftest import Run, Start, ended


class Letters(Message):
    """Keep what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.recipients: list[str] = []

    def handle_message(self, message: object) -> None:
        self.recipients.append(message["X-RcptTo"])  # type: ignore[index]


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def smtp_url(letters: Letters) -> Iterator[str]:
    port = servers.free_port()
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


def promise_a_mail() -> None:
    who = factories.account("ana@example.org", activated=False)
    with db.transaction():
        assert tickets.mail(ActivationTicket, who)


def test_mail_that_is_due_is_delivered(
    run: Run, change_settings: Callable[..., None], smtp_url: str, letters: Letters
) -> None:
    change_settings(smtp_url=smtp_url)
    promise_a_mail()

    done = run("outbox", "deliver")

    assert done.exit_code == 0
    assert "sent: 1, to be tried again: 0, refused: 0" in done.stdout
    assert letters.recipients == ["ana@example.org"]


def test_without_a_mail_server_it_says_what_to_set(run: Run) -> None:
    done = run("outbox", "deliver")

    assert config.current().smtp_url is None
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: No mail server is named: set DOORWARD_SMTP_URL,")


def test_a_mail_server_that_is_away_is_said(run: Run, change_settings: Callable[..., None]) -> None:
    change_settings(smtp_url=f"smtp://127.0.0.1:{servers.free_port()}")
    promise_a_mail()

    done = run("outbox", "deliver")

    assert done.exit_code == 1
    assert "Error: The mail server cannot be used: " in done.stderr
    assert len(factories.mails()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_watching_ends_when_it_is_asked_to(ending: signal.Signals, start: Start) -> None:
    ended(start("db", "upgrade"))
    process = start("outbox", "deliver", "--watch", DOORWARD_SMTP_URL="smtp://127.0.0.1:1")
    assert process.stderr is not None
    assert process.stderr.readline() == "Delivering mail as it comes (Ctrl-C ends it).\n"

    process.send_signal(ending)

    code, _, stderr = ended(process, within=10)
    assert code == 0
    assert "Traceback" not in stderr
