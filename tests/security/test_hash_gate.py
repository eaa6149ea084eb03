"""The gate that password hashing passes through."""

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher

from app import config
from app.errors import Busy
from app.security import hash_gate
from app.security.hash_gate import Gate

SOON = 60.0  # seconds; what takes longer has failed


class Crowd:
    """Clients that come to a gate one after the other and hold their turn until told."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.served: list[str] = []
        self.exits: deque[threading.Event] = deque()  # of those inside, the first to come first
        self.changed = threading.Condition()
        self.threads = ThreadPoolExecutor(100)
        self.over = False

    def comes(self, client: str) -> Future[None]:
        """Let `client` come, and go on once it waits, has its turn or is sent away."""
        before = self._present()
        future = self.threads.submit(self._try, client)
        while self._present() == before and not future.done():
            threading.Event().wait(0.001)
        return future

    def one_leaves(self) -> str:
        """Let go whoever has held a turn longest; return the client who is served next."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.exits) == self.gate._turns, SOON)
            count = len(self.served)
            self.exits.popleft().set()
            assert self.changed.wait_for(lambda: len(self.served) > count, SOON)
            return self.served[-1]

    def disperse(self) -> None:
        with self.changed:
            self.over = True
            for each in self.exits:
                each.set()
        self.threads.shutdown()

    def _try(self, client: str) -> None:
        with self.gate.turn(client):
            go = threading.Event()
            with self.changed:
                self.served.append(client)
                self.exits.append(go)
                self.changed.notify_all()
            assert self.over or go.wait(SOON)

    def _present(self) -> int:
        with self.gate._lock:
            waiting = sum(map(len, self.gate._lines.values()))
            return waiting + self.gate._holding.total()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd(Gate(1, patience=SOON))
    yield crowd
    crowd.disperse()


def test_a_turn_runs_the_work_on_a_thread_of_the_gate() -> None:
    with Gate(1).turn("ann") as turn:
        where = turn.run(threading.get_ident)

        assert where != threading.get_ident()
        assert turn.run(divmod, 7, 2) == (3, 1)


def test_what_the_work_raises_is_raised_and_the_turn_goes_on_to_the_next() -> None:
    gate = Gate(1, patience=SOON)

    for _ in range(5):
        with pytest.raises(ZeroDivisionError), gate.turn("ann") as turn:
            turn.run(divmod, 1, 0)
    with gate.turn("ann") as turn:
        assert turn.run(abs, -1) == 1


def test_no_more_work_at_once_than_threads() -> None:
    gate, busy, most = (
        Gate(2, waiting=100, of_one_client=100, patience=SOON),
        threading.Semaphore(2),
        [],
    )

    def work() -> None:
        most.append(busy.acquire(blocking=False))
        threading.Event().wait(0.002)
        busy.release()

    def try_once(_: int) -> None:
        with gate.turn("ann") as turn:
            turn.run(work)

    with ThreadPoolExecutor(30) as threads:
        list(threads.map(try_once, range(60)))
    assert most == [True] * 60


def test_one_client_may_have_32_tries_and_the_gate_48_waiting(crowd: Crowd) -> None:
    for _ in range(32):
        crowd.comes("flood")

    assert crowd.gate.full("flood")
    assert not crowd.gate.full("ann")
    with pytest.raises(Busy) as refused:
        crowd.comes("flood").result(SOON)
    assert refused.value.retry_after == 1

    for number in range(18):  # 30 of the flood's wait already
        crowd.comes(f"class {number}")
    assert crowd.gate.full("ann")
    with pytest.raises(Busy):
        crowd.comes("ann").result(SOON)


def test_who_is_served_makes_room_for_another(crowd: Crowd) -> None:
    for _ in range(32):
        crowd.comes("flood")
    crowd.one_leaves()

    assert not crowd.gate.full("flood")


def test_an_honest_try_is_served_before_a_floods_next(crowd: Crowd) -> None:
    for _ in range(32):
        crowd.comes("flood")
    crowd.comes("ann")

    assert crowd.one_leaves() == "ann"
    assert crowd.one_leaves() == "flood"


def test_clients_are_served_in_turn(crowd: Crowd) -> None:
    for client in ["x", "x", "a", "a", "a", "b", "b", "c"]:
        crowd.comes(client)
    served = [crowd.one_leaves() for _ in range(6)]

    assert sorted(served[:3]) == ["a", "b", "c"]
    assert sorted(served[3:5]) == ["a", "b"]
    assert served[5] == "a"


def test_a_stream_of_newcomers_starves_nobody(crowd: Crowd) -> None:
    for client in ["x", "y", "ann", "ann"]:
        crowd.comes(client)
    served = []
    for number in range(8):
        crowd.comes(f"newcomer {number}")
        served.append(crowd.one_leaves())

    assert served.count("ann") == 2


def test_who_waits_too_long_is_sent_away_and_forgotten() -> None:
    gate = Gate(1, patience=0.02)

    with gate.turn("x"), gate.turn("x"):
        with pytest.raises(Busy), gate.turn("ann"):
            pytest.fail("there was no turn left")
        assert not gate._lines
    assert not gate._holding
    with gate.turn("ann") as turn:
        assert turn.run(abs, -1) == 1


def test_200_threads_with_real_hashes_are_all_served_in_the_end() -> None:
    gate, hasher = Gate(2), PasswordHasher(1, 1024, 1)

    def knock(number: int) -> str:
        while True:
            try:
                with gate.turn(f"client {number % 9}") as turn:
                    return turn.run(hasher.hash, str(number))
            except Busy:
                threading.Event().wait(0.01)

    with ThreadPoolExecutor(200) as threads:
        hashes = list(threads.map(knock, range(400), timeout=120))
    assert all(hashed.startswith("$argon2id$") for hashed in hashes)
    assert not gate._holding
    assert not gate._lines


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives threads their own priority")
def test_hashing_threads_stand_back_and_nobody_else_does() -> None:
    ours = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with Gate(1).turn("ann") as turn:
        theirs = turn.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    assert theirs == min(ours + 7, 19)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == ours


def test_a_system_that_keeps_priorities_still_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)

    with Gate(1).turn("ann") as turn:
        assert turn.run(abs, -1) == 1


@pytest.fixture
def _no_gate_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_gate, "_gates", {})
    settings = config.Settings.model_construct(workers=1)
    monkeypatch.setattr(config, "_settings", [settings])


@pytest.mark.usefixtures("_no_gate_yet")
def test_a_process_has_one_gate() -> None:
    assert hash_gate.gate() is hash_gate.gate()
    hash_gate.use(chosen := Gate(1))

    assert hash_gate.gate() is chosen


@pytest.mark.usefixtures("_no_gate_yet")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_gets_a_gate_whose_threads_live() -> None:
    with hash_gate.gate().turn("ann") as turn:
        turn.run(abs, -1)

    child = os.fork()
    if child == 0:
        _hash_and_exit()

    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 42


def _hash_and_exit() -> None:
    answer = 1
    try:
        with hash_gate.gate().turn("ann") as turn:
            answer = turn.run(abs, -42)
    finally:
        os._exit(answer)  # whatever happens, the child must not run the other tests
