"""A replay of what the service wrote, without a database: what it repeats, and what it finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from acd.core import inputs as inp
from acd.core import step as core
from acd.core.books import Books, FiguresShown
from acd.core.metrics import ClosedMinute
from acd.core.replay import Body, Difference, LogEntry, LoggedStep, Replay, What, same
from kernel import events as ev
from kernel.ids import AgentId, CallId, Endpoint
from kernel.telephony import HoldChanged
from tests.fakes.clock import NOON
from tests.unit.acd.hall import A, B, Hall
from tests.unit.acd.test_waits_told import learn


async def busy(hall: Hall) -> None:
    """Calls answered, waits announced, minutes closed by looking and by what happened."""
    await learn(hall)
    await hall.seat(B)
    for n in range(4):
        await hall.arrive(f"c-{n}")
        hall.acd.announce(CallId(f"c-{n}"))
        await hall.pass_time(35)
        hall.acd.wallboard()
    hall.exchange.caller_hangs_up(CallId("c-3"))
    await hall.calm()


def entries(hall: Hall) -> list[LogEntry]:
    """As a reader gives them."""
    return [entry for _, entry in hall.event_log.written]


def replay_of(log: list[LogEntry]) -> tuple[Replay, Difference | None]:
    started = next(e.body.input for e in log if isinstance(e.body, LoggedStep))
    assert isinstance(started, inp.Started)
    books = Books(started.rules)
    missed = books.restore(minutes=(), closed_since=(), agents=(), events=(), waits=(), now=NOON)
    replay = Replay(started, books, missed)
    for entry in log:
        found = replay.feed(entry)
        if found is not None:
            return replay, found
    return replay, None


async def test_everything_that_was_written_comes_again(hall: Hall) -> None:
    await busy(hall)
    log = entries(hall)
    replay, found = replay_of(log)
    assert found is None and replay.unwritten == ()
    tally = replay.tally
    assert tally.inputs + tally.events + tally.minutes + tally.readings == len(log)
    assert min(tally.decisions, tally.minutes, tally.readings) > 0
    assert replay.logged == replay.counted


async def test_each_kind_of_forgery_is_found_at_its_place(hall: Hall) -> None:
    await busy(hall)
    log = entries(hall)

    def forged(at: int, body: Body) -> tuple[What, int] | None:
        _, found = replay_of([*log[:at], replace(log[at], body=body), *log[at + 1 :]])
        return (found.what, found.number) if found is not None else None

    seen = set()
    for at, entry in enumerate(log):
        body = entry.body
        if type(body) in seen and not isinstance(body, LoggedStep):
            continue
        seen.add(type(body))
        match body:
            case LoggedStep() if body.decided:
                assert forged(at, replace(body, decided=body.decided[:-1])) == (
                    What.DECISION,
                    entry.number,
                )
            case LoggedStep():
                assert forged(at, replace(body, sequence=body.sequence + 1)) == (
                    What.GAP,
                    entry.number,
                )
            case ClosedMinute():
                more = (body.counts[0] + 1, *body.counts[1:])
                assert forged(at, replace(body, counts=more)) == (What.FIGURES, entry.number)
            case FiguresShown():
                row = {**body.rows[0], "waiting": body.rows[0]["waiting"] + 1}
                assert forged(at, replace(body, rows=(row, *body.rows[1:]))) == (
                    What.FIGURES,
                    entry.number,
                )
            case _:
                later = replace(body, occurred_at=body.occurred_at + timedelta(microseconds=1))
                assert forged(at, later) == (What.EVENT, entry.number)
    assert {ClosedMinute, FiguresShown, ev.WaitAnnounced, ev.WaitForecastsScored} <= seen


async def test_figures_of_an_older_version_are_compared_as_far_as_they_go(hall: Hall) -> None:
    """The wallboard got a column, and every log that was written before could not be read."""
    await busy(hall)
    log = entries(hall)
    older = [
        replace(e, body=replace(e.body, rows=tuple(map(_older, e.body.rows))))
        if isinstance(e.body, FiguresShown)
        else e
        for e in log
    ]
    assert older != log
    replay, found = replay_of(older)
    assert found is None
    assert replay.tally.readings > 0


def _older(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "asa_s"}


async def test_a_command_that_the_core_refuses_now_is_a_difference(hall: Hall) -> None:
    await busy(hall)
    log = entries(hall)
    at = next(
        n
        for n, e in enumerate(log)
        if isinstance(e.body, LoggedStep) and isinstance(e.body.input, inp.ChooseReady)
    )
    step = log[at].body
    assert isinstance(step, LoggedStep)
    other = replace(step, input=inp.ChooseReady(AgentId("nobody")))
    _, found = replay_of([*log[:at], replace(log[at], body=other)])
    assert found is not None and found.what is What.REFUSED


async def test_a_step_that_crashed_is_written_and_crashes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crash used to leave no trace in the log, and a replay went on from another floor."""

    def crash(work: object, fact: object) -> None:
        raise ZeroDivisionError

    handlers = {**core.HANDLERS, HoldChanged: crash}
    monkeypatch.setattr(core, "HANDLERS", handlers)
    hall = Hall()
    await hall.acd.start()
    hall.exchange.restore()
    await hall.calm()
    await hall.seat(A)
    hall.acd.post(HoldChanged(CallId("c-1"), Endpoint("booth001"), True, NOON))
    await hall.acd.settled()
    await hall.arrive("c-2")
    await hall.acd.stop()
    log = entries(hall)
    assert [e.body.crash for e in log if isinstance(e.body, LoggedStep) and e.body.crash] == [
        "ZeroDivisionError"
    ]
    assert replay_of(log)[1] is None
    monkeypatch.undo()
    _, found = replay_of(log)
    assert found is not None and found.what is What.CRASHED


def test_the_same_is_the_same_to_the_last_bit() -> None:
    assert not same(0, 0.0)
    assert not same(0.1 + 0.2, 0.3)
    assert same(0.1 + 0.2, 0.30000000000000004)
