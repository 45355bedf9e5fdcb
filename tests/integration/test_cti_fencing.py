"""An older or a sleeping platform orders nothing: by its lease, by its number, by its connection.

Source: reliability notes A2.10 and R3; `docs/adr/0005-terms-and-leases.md`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cti import service
from cti.adapters import ami_link
from cti.adapters.ami_link import AmiLink
from cti.adapters.asterisk_process import AsteriskProcess
from kernel import telephony as tel
from kernel.errors import Unavailable
from kernel.ids import CallId, Endpoint, OfferId
from tests.servers.asterisk import BINARY
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk
DESK = Endpoint("desk001")
RING = timedelta(seconds=20)


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path) as running:
        yield running


def link(line: service.TelephoneLine) -> AmiLink:
    found = line._switch
    assert isinstance(found, AmiLink)
    return found


async def deliver(board: Switchboard, line: service.TelephoneLine, call_id: CallId) -> None:
    await line.deliver(call_id, OfferId(f"{call_id}.1"), DESK, RING)


async def a_newer_run(board: Switchboard) -> service.TelephoneLine:
    """Another platform's line beside the first: the same password, a higher number, no door."""
    newer = board.make_line()
    await link(newer).start(newer)
    newer._spawn(newer._run(), "newer-line")
    await newer.wait_up()
    return newer


async def test_the_dialplan_refuses_an_older_runs_order_and_the_caller_waits_on(
    board: Switchboard,
) -> None:
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    newer = await a_newer_run(board)
    # Its connection is still there: whatever it had in hand when it fell asleep reaches Asterisk.
    told = sum(isinstance(f, tel.CallWaiting) for f in board.facts.all)
    await deliver(board, board.line, waiting.call_id)
    failed = await board.facts.wait(tel.OfferFailed)
    assert failed.result is tel.OfferResult.CANCELLED
    await board.facts.wait(tel.CallWaiting, count=told + 1)
    assert desk.offers.empty()
    await deliver(board, newer, waiting.call_id)
    ringing = await desk.incoming()
    assert ringing.headers["X-Hotline-Call"] == waiting.call_id
    assert not citizen.ended.is_set()
    await newer.stop()


async def test_a_link_that_finds_a_newer_run_does_not_come_back(board: Switchboard) -> None:
    newer = await a_newer_run(board)
    link(board.line).cut()
    await board.facts.wait(tel.LineLost)
    with pytest.raises(Unavailable):
        await board.line.hang_up(CallId("gz1-1795492774-0"))
    # It tries again and again, and refuses itself.
    deadline = time.monotonic() + 30
    while link(board.line)._end_reason != "另一个运行实例已经接管电话系统":
        assert time.monotonic() < deadline, "not within 30 s"
        await asyncio.sleep(0.02)  # the interval between two looks at the condition
    assert newer.state.up
    await newer.stop()


async def test_an_adopter_cuts_whoever_was_connected(board: Switchboard) -> None:
    _, waiting = await board.waiting()
    heir = AsteriskProcess(BINARY, board.config_dir)
    await heir.adopt()
    manager = link(board.line)._manager
    assert manager is not None
    await heir.end_sessions()
    with pytest.raises(Unavailable):
        # The old connection: nothing that is sent there arrives anywhere.
        await manager.ask(
            {"Action": "Hangup", "Channel": "/.*/", "ActionID": "old-1"}, deadline_s=5
        )
    restored = await board.facts.wait(tel.LineRestored, count=2)
    assert [c.call_id for c in restored.calls] == [waiting.call_id]


async def test_without_a_lease_nothing_is_ordered_and_the_truth_is_read_back(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await board.phone("desk001")
    _, waiting = await board.waiting()
    monkeypatch.setattr(ami_link, "LEASE_S", -1.0)
    with pytest.raises(Unavailable, match="中断过久"):
        await deliver(board, board.line, waiting.call_id)
    monkeypatch.undo()
    restored = await board.facts.wait(tel.LineRestored, count=2)
    assert [(c.call_id, c.place) for c in restored.calls] == [(waiting.call_id, "waiting")]
    assert desk.offers.empty()
    await deliver(board, board.line, waiting.call_id)
    await desk.incoming()


def freeze(seconds: float) -> None:
    """What SIGSTOP, a suspended machine or a long swap do to the event loop."""
    time.sleep(seconds)


async def test_a_process_that_slept_tells_a_lost_line_before_anything_else(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PAUSE_S", 1.0)
    _, waiting = await board.waiting()
    before = len(board.facts.all)
    concluded: list[str] = []
    asyncio.get_running_loop().call_later(1.4, lambda: concluded.append("late timer"))
    board.line.subscribe(lambda fact: concluded.append(type(fact).__name__))
    # The whole loop stands still, as in a stopped process or a machine that was suspended.
    freeze(1.6)
    restored = await board.facts.wait(tel.LineRestored, count=2)
    assert [c.call_id for c in restored.calls] == [waiting.call_id]
    assert type(board.facts.all[before]) is tel.LineLost
    assert concluded.index("LineLost") < concluded.index("late timer")
    assert "process_was_paused" in board.log.events
