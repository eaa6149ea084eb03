"""Servers that hang, drip, lie and vanish: over by the deadline, and nobody else waits."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from app.directory import reader
from app.directory.conversation import Trouble
from app.directory.deadline import MOST_BYTES, Deadline, WithinDeadline
from app.directory.reader import Named
from app.errors import DirectoryAway
from app.operations import sign_in
from tests import factories, slapd
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import from_elsewhere, reason
from tests.slapd import Slapd

Ask = Callable[..., None]
Serve = Callable[[socket.socket, threading.Event], None]
ANN, ANNS = Named("person001"), slapd.password_of("person001")
A_BIND_SAYS_YES = bytes.fromhex("300c02010161070a010004000400")
# What is no LDAP, each taken apart by ldap3 until another of Python's errors stops it.
BROKEN = [
    "300c02010161070a010f04000400",  # a code that there is not
    "3005020101610000",  # an answer without anything in it
    "300a02010165050a01000400",  # an end without its last words
    "3003020101",
    "3013020101730e040c6c6461703a2f2fff782f2f2f",  # a pointer that is no text
]


def drip(client: socket.socket, over: threading.Event) -> None:
    """Begin an answer of four gigabytes, and go on with it byte by byte."""
    client.sendall(b"\x30\x84\xff\xff\xff\xff")
    while not over.wait(0.05):
        client.sendall(b"\x00")


def say_nothing(_client: socket.socket, over: threading.Event) -> None:
    over.wait(30)


def hang_up(client: socket.socket, _over: threading.Event) -> None:
    client.recv(1)


def talk_nonsense(client: socket.socket, _over: threading.Event) -> None:
    client.recv(1)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50)


def say_yes_and_hang_up(client: socket.socket, _over: threading.Event) -> None:
    """Say yes to the portal's own bind, then lose the connection."""
    client.recv(4096)
    client.sendall(A_BIND_SAYS_YES)


@contextlib.contextmanager
def server(serve: Serve) -> Iterator[str]:
    """Run a server that does `serve` with each client; return its URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)

        def answer(client: socket.socket) -> None:
            with client, contextlib.suppress(OSError):
                serve(client, over)

        def accept() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    threading.Thread(target=answer, args=(listening.accept()[0],)).start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            accepting.join()


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
@pytest.mark.parametrize("serve", [drip, say_nothing, hang_up, talk_nonsense, say_yes_and_hang_up])
def test_it_is_over_by_the_deadline(asks_directory: Ask, serve: Serve, scheme: str) -> None:
    with server(serve) as address:
        asks_directory(url=(f"{scheme}://{address}",), starttls=False, timeout=0.5)
        began = time.monotonic()
        with pytest.raises(DirectoryAway):
            reader.check(ANN, ANNS)
        assert time.monotonic() - began < 1.5


def test_a_server_that_drips_leaves_the_next_its_time(
    asks_directory: Ask, directory: Slapd
) -> None:
    with server(drip) as address:
        asks_directory(url=(f"ldaps://{address}", directory.tls_url), timeout=3)
        assert reader.check(ANN, ANNS).right


def test_no_password_goes_where_tls_was_not_agreed(asks_directory: Ask) -> None:
    heard = bytearray()

    def refuse_tls(client: socket.socket, over: threading.Event) -> None:
        client.sendall(bytes.fromhex("300c02010178070a0102040004 00"))
        while not over.is_set() and (said := client.recv(4096)):
            heard.extend(said)

    with server(refuse_tls) as address:
        asks_directory(url=(f"ldap://{address}",), timeout=1)
        with pytest.raises(DirectoryAway):
            reader.check(ANN, ANNS)
    assert slapd.PORTAL_PASSWORD.encode() not in heard
    assert ANNS.encode() not in heard


@pytest.mark.parametrize("said", BROKEN)
def test_what_is_no_ldap_is_no_answer(asks_directory: Ask, said: str) -> None:
    def say(client: socket.socket, _over: threading.Event) -> None:
        client.recv(4096)
        client.sendall(bytes.fromhex(said))

    with server(say) as address:
        asks_directory(url=(f"ldap://{address}",), starttls=False)
        with pytest.raises(DirectoryAway):
            reader.check(ANN, ANNS)


class Endless:
    """A server that has much to say, and says it at once."""

    def settimeout(self, _seconds: float) -> None:
        """Never be late."""

    def recv(self, size: int) -> bytes:
        return b"\x00" * size


def test_an_answer_is_not_read_without_end() -> None:
    limited = WithinDeadline(Endless(), Deadline(600))  # type: ignore[arg-type]
    assert limited.recv(MOST_BYTES)
    with pytest.raises(OSError, match="too much"):
        limited.recv(1)


def test_whoever_finds_too_many_waiting_blames_no_server(
    asks_directory: Ask, directory: Slapd
) -> None:
    asks_directory()
    for _ in range(reader.MOST_WAITING):
        reader._waiting.acquire()
    try:
        with pytest.raises(DirectoryAway):
            reader.check(ANN, ANNS)
        assert reader.state() == {directory.tls_url: Trouble.TOO_MANY}
    finally:
        for _ in range(reader.MOST_WAITING):
            reader._waiting.release()
    assert reader.check(ANN, ANNS).right


def test_local_people_notice_nothing(portal: Flask, asks_directory: Ask, directory: Slapd) -> None:
    local = factories.account().email
    asks_directory()
    came: list[str] = []

    def come(number: int) -> None:
        with portal.app_context():
            came.append(reason(f"person{number:03}", ANNS, from_elsewhere(number)))

    crowd = [threading.Thread(target=come, args=(number,)) for number in range(1, 51)]
    with directory.paused():
        for each in crowd:
            each.start()
        while len(came) < len(crowd) - reader.MOST_WAITING:  # as many wait as ever may
            time.sleep(0.01)
        assert reason(local, PASSWORD) == ""
        assert len(came) == len(crowd) - reader.MOST_WAITING, "local people waited for the others"
    for each in crowd:
        each.join()
    assert set(came[: -reader.MOST_WAITING]) == {"directory_away"}
    assert len(came) == len(crowd)


@pytest.mark.usefixtures("asks_directory")
def test_it_is_asked_again_once_it_is_back(directory: Slapd) -> None:
    directory.stop()
    try:
        with pytest.raises(DirectoryAway):
            sign_in.verify_password("person001", ANNS, VISITOR)
    finally:
        directory.start()
    time.sleep(reader.SPARED_S)
    assert sign_in.verify_password("person001", ANNS, VISITOR)
