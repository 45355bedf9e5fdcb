"""FastAGI, 50 callers at once: sessions/s, p99 of each step: `python -m bench.ivr_questions`.

    python -m bench.ivr_questions [--seconds 20] [--callers 50] [--folder DIR]

The platform answers in a process of its own, with everything behind it
(`bench.answering_platform`); this process plays Asterisk's two ends on paper
(`bench.paper_exchange`). A session is what Asterisk calls one: a FastAGI connection, from
connecting to its end, with one question and its variables. The callers walk the shipped flows: a
team's key, silence, the language, an old line, self-service, the progress of an order (looked up in
the database), the emergency menu, the survey after. Each comes, asks, waits in the line for a
moment and hangs up, so that each call is also told to the distribution, the journal and the
desktops, as in life.

First the callers ask at an even rate a little above the bar, then as fast as they can.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

from bench.figures import Bar, Figure, table, verdict
from bench.paper_exchange import Asked, PaperCall, PaperExchange, paper_exchange
from bench.usage import Usage
from cti.core.words import AgiPath, AnswerVariable, Do, Place, Tell
from kernel.errors import HotlineError, Unavailable
from tests.e2e.hotline_process import ROOT, HotlineProcess

SESSIONS_BAR = 200.0
STEP_BAR = Bar(p99_ms=50)
_A_LITTLE_MORE = 1.05
_UP_WITHIN_S = 60.0
_ENDED_WITHIN_S = 60.0
_TAIL = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """What one caller dials and presses ("" is silence), and where that must lead."""

    dialled: str
    keys: tuple[str, ...]
    ends: Do
    at: str
    """The team, or the number transferred to."""
    rates: str = ""
    """The key of the survey that is asked at the end; empty: no survey."""


@dataclass(frozen=True, slots=True)
class Order:
    """A case that can be asked for by telephone."""

    digits: str
    tail: str


def callers(order: Order) -> Iterator[Caller]:
    """One after the other, for ever; every kind of step that the shipped flows have."""
    queue, out = Do.QUEUE, Do.OUT
    return cycle(
        (
            Caller("12345", ("3",), queue, "labour"),
            Caller("12345", ("", ""), queue, "general"),
            Caller("12345", ("1", ""), queue, "consumer", rates="1"),
            Caller("12333", ("",), queue, "labour"),
            Caller("12345", ("6", "1", order.digits, order.tail, ""), queue, "general"),
            Caller("12345", ("6", "2", "3", ""), queue, "labour"),
            Caller("12345", ("9", "2", "2"), queue, "urban"),
            Caller("12345", ("*", "2"), out, "119"),
            Caller("12345", ("0",), queue, "general", rates="2"),
            Caller("12345", ("7", "4"), queue, "security"),
        )
    )


@dataclass(slots=True)
class Seen:
    """Milliseconds of each kind of step; `wrong`: calls that did not lead where they must."""

    steps: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0
    wrong: int = 0
    lasted_s: float = 0.0
    spent: Usage = field(default_factory=lambda: Usage(0, 0))

    @property
    def sessions(self) -> int:
        return sum(map(len, self.steps.values()))

    @property
    def sessions_per_s(self) -> float:
        return self.sessions / self.lasted_s if self.lasted_s else 0.0

    def figures(self, bar: Bar) -> list[Figure]:
        every = [ms for samples in self.steps.values() for ms in samples]
        named = sorted(self.steps.items())
        return [Figure(name, samples, bar) for name, samples in (*named, ("every step", every))]

    def more(self) -> str:
        per_session = 1000 * self.spent.platform_s / max(1, self.sessions)
        return (
            f"{self.calls} calls in {self.lasted_s:.1f} s, {self.calls / self.lasted_s:.0f}/s; "
            f"the platform's processor, all of a call counted: {per_session:.2f} ms a session"
        )


class Pace:
    """Turns at an even rate; whoever comes late gets the next at once. `rate` None: no waiting."""

    def __init__(self, rate: float | None) -> None:
        self._between_s = 1 / rate if rate else 0.0
        self._next = asyncio.get_running_loop().time()

    async def turn(self) -> None:
        at, self._next = self._next, self._next + self._between_s
        await asyncio.sleep(at - asyncio.get_running_loop().time())


class Crowd:
    """Callers who walk through the flows, one call after the other."""

    def __init__(self, exchange: PaperExchange, order: Order) -> None:
        self._exchange = exchange
        self._callers = callers(order)
        self._numbers = count(13900000000)
        self._seen = Seen()
        self._pace = Pace(None)

    async def ask(self, at_once: int, rate: float | None, seconds: float) -> Seen:
        """So many callers at once, for so long; calls that have begun are brought to their end."""
        self._seen, self._pace = Seen(), Pace(rate)
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._call_until(began + seconds))
        self._seen.lasted_s = asyncio.get_running_loop().time() - began
        return self._seen

    async def _call_until(self, end: float) -> None:
        while asyncio.get_running_loop().time() < end:
            caller = next(self._callers)
            call = self._exchange.call(str(next(self._numbers)), caller.dialled)
            self._seen.calls += 1
            self._seen.wrong += not await self._one_call(call, caller)

    async def _one_call(self, call: PaperCall, caller: Caller) -> bool:
        """From the answer to the hang-up; True if it led where it must."""
        await self._exchange.tell(call, Tell.ENTERED, Place.IVR)
        arguments = (call.ani, "", call.dnis)
        answer = await self._step("begin", call, AgiPath.DIALOGUE_BEGIN, *arguments)
        last = await self._obey(call, answer, AgiPath.DIALOGUE_NEXT, iter(caller.keys))
        where = {Do.QUEUE: AnswerVariable.TEAM, Do.OUT: AnswerVariable.NUMBER}
        do = last.variables.get(AnswerVariable.DO, "")
        well = do == caller.ends and last.variables.get(where[caller.ends]) == caller.at
        if do == Do.QUEUE:
            await self._wait(call, last.variables)
        if caller.rates:
            answer = await self._step("survey, begin", call, AgiPath.SURVEY_BEGIN)
            last = await self._obey(call, answer, AgiPath.SURVEY_NEXT, iter([caller.rates]))
            well &= last.variables.get(AnswerVariable.DO) == Do.HANGUP
        place = Place.WAITING if do == Do.QUEUE else Place.OUT
        await self._exchange.tell(call, Tell.HUNGUP, place)
        return well

    async def _obey(
        self, call: PaperCall, answer: Asked, path: AgiPath, keys: Iterator[str]
    ) -> Asked:
        """Play and collect as told, up to an answer that leads elsewhere."""
        while answer.variables.get(AnswerVariable.DO) in (Do.PLAY, Do.COLLECT):
            if answer.variables[AnswerVariable.DO] == Do.PLAY:
                answer = await self._step("played", call, path, "played", "")
                continue
            pressed = next(keys, "")
            kind = "digits" if pressed else "silence"
            name = "survey, a key" if path is AgiPath.SURVEY_NEXT else _named(pressed)
            answer = await self._step(name, call, path, kind, pressed)
        return answer

    async def _wait(self, call: PaperCall, told: dict[str, str]) -> None:
        """In the line, up to the first announcement."""
        arrived = f"{call.began_s}000"
        team, language = told[AnswerVariable.TEAM], told[AnswerVariable.LANGUAGE]
        more = {"Team": team, "Speech": language, "Arrived": arrived}
        await self._exchange.tell(call, Tell.WAITING, Place.WAITING, **more)
        arguments = (team, language, call.ani, arrived)
        await self._step("waiting, a turn", call, AgiPath.WAITING_TURN, *arguments)

    async def _step(self, name: str, call: PaperCall, path: AgiPath, *arguments: str) -> Asked:
        await self._pace.turn()
        asked = await self._exchange.ask(call, path, call.call_id, *arguments)
        self._seen.steps[name].append(asked.took_ms)
        return asked


def _named(pressed: str) -> str:
    """The kind of step by what was pressed."""
    if not pressed:
        return "silence"
    if len(pressed) == _TAIL:
        return "a number, looked up"
    return "a key" if len(pressed) == 1 else "a number"


def order_of(database: Path) -> Order:
    """Of the demo city's newest case that has a calling number. Raises Unavailable without one."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found = connection.execute(
            "SELECT number, ani FROM cases WHERE length(ani) >= ? ORDER BY number DESC LIMIT 1",
            (_TAIL,),
        ).fetchone()
    if found is None:
        raise Unavailable("the demo city has no case to ask for")
    return Order("".join(c for c in found[0] if c.isdecimal()), found[1][-_TAIL:])


@dataclass(frozen=True, slots=True)
class Platform:
    """The answering process."""

    process: asyncio.subprocess.Process

    def usage(self) -> Usage:
        return Usage.now(self.process.pid)

    async def end(self) -> dict[str, int]:
        """Let it end; the callers it still remembered by then."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        async with asyncio.timeout(_ENDED_WITHIN_S):
            left: dict[str, int] = json.loads(await self.process.stdout.readline())
            await self.process.wait()
        return left


@asynccontextmanager
async def platform(hotline: HotlineProcess, ami_port: int) -> AsyncIterator[Platform]:
    """Up and connected. Raises Unavailable when it does not come up."""
    with (hotline.folder / "platform.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.answering_platform"),
            cwd=ROOT,
            env={**hotline.env, "HOTLINE_AMI_PORT": str(ami_port)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_UP_WITHIN_S):
            if (await process.stdout.readline()).strip() != b"up":
                told = (hotline.folder / "platform.log").read_text(errors="replace")[-2000:]
                raise Unavailable(f"the platform did not come up:\n{told}")
        yield Platform(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def measure(hotline: HotlineProcess, given: argparse.Namespace) -> bool:
    order = await asyncio.to_thread(order_of, hotline.data_dir / "hotline.db")
    agi_port = int(hotline.env["HOTLINE_AGI_PORT"])
    async with (
        paper_exchange(agi_port) as exchange,
        platform(hotline, exchange.ami_port) as answering,
    ):
        crowd = Crowd(exchange, order)
        await crowd.ask(given.callers, SESSIONS_BAR, 2)  # what is made at the first time is made
        met = []
        for rate in (SESSIONS_BAR * _A_LITTLE_MORE, None):
            used = answering.usage()
            seen = await crowd.ask(given.callers, rate, given.seconds)
            seen.spent = answering.usage() - used
            met += _judged(seen, rate, given.callers)
        left = await answering.end()
        met.append(verdict(f"callers still remembered after all were gone: {left}", not _sum(left)))
    return all(met)


def _sum(left: dict[str, int]) -> int:
    return sum(left.values())


def _judged(seen: Seen, rate: float | None, at_once: int) -> list[bool]:
    how = f"asking at {rate:g}/s" if rate else "asking as fast as they can"
    # With no pause between two questions, a step lasts as long as the others' questions before it.
    figures = seen.figures(STEP_BAR if rate else Bar())
    print(f"\n{table(f'{at_once} callers at once, {how}', figures)}\n{seen.more()}", flush=True)
    return [
        *(figure.met for figure in figures if rate),
        verdict(
            f"{how}: sessions/s {seen.sessions_per_s:.0f} (bar: at least {SESSIONS_BAR:g})",
            seen.sessions_per_s >= SESSIONS_BAR,
        ),
        verdict(f"{how}: calls led elsewhere than they must {seen.wrong}", not seen.wrong),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench.ivr_questions", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=20, help="of each of the two loads")
    parser.add_argument("--callers", type=int, default=50, help="at once")
    parser.add_argument("--folder", type=Path, help="new folder that keeps the platform's log")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as temporary:
        hotline = HotlineProcess((given.folder or Path(temporary)).resolve())
        try:
            hotline.folder.mkdir(parents=True, exist_ok=True)
            print("a demo city of its own is made ...", flush=True)
            hotline.command("migrate")
            hotline.command("demo")
            return 0 if asyncio.run(measure(hotline, given)) else 1
        except HotlineError as error:
            print(f"hotline: {error.message}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
