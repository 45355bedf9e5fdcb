"""The simulated city: so many citizens who call and call again, so many operators who answer.

Who calls when, for what and for how long is a fixed sequence (multiples of the golden ratio), so
that two runs differ only by what the hotline does.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from hotline.simulate.operators import Habits, HeadlessOperator, Note
from hotline.simulate.stories import Stories
from hotline.simulate.telephones import Citizen, DeskAccount, Telephones
from hotline.simulate.voices import CITIZEN, OPERATOR, mulaw_voice

_LAST_CALLS_S = 90.0
_REGISTER_EVERY_S = 240.0
_GOLDEN = 0.618033988749895
_KEYS = ("1", "2", "3", "4", "5", "", "3", "2", "0")
_LINES = ("12345", "12345", "12345", "12345", "12345", "12345", "12345", "12315", "12333")
_SCORES = ("1", "1", "2", "1", "", "2", "1", "3", "", "5", "1")
_SHOWN = {"calls": "conversations", "cases": "cases filed", "troubles": "refusals"}
_NAMES = ("", "", "Chen", "", "Li", "", "Huang", "", "")


@dataclass(frozen=True, slots=True)
class CityPlan:
    """`minutes` of traffic; `pause_s` is the mean time between two calls of one citizen."""

    citizens: int
    operators: int
    minutes: float
    pause_s: float = 12.0
    patience_s: float = 180.0


@dataclass(frozen=True, slots=True)
class Place:
    """One operator of the simulation: account, booth and the desk phone's SIP password."""

    account: str
    booth: str
    secret: str


_CALLS_OF_ONE = 15
_BLOCK, _NEXT_PERSON = 10_001, 7_000_003


def spread(index: int, low: float, high: float) -> float:
    """The `index`-th value of an even, repeatable spread over `low`..`high`."""
    return low + (high - low) * ((index * _GOLDEN) % 1.0)


def citizen_call(citizen: int, turn: int, patience_s: float) -> Citizen:
    """The `turn`-th call of a citizen."""
    n = citizen * 7 + turn * 3
    # A person calls some times, then another does: no telephone is a flood.
    person = citizen * _BLOCK + turn // _CALLS_OF_ONE * _NEXT_PERSON
    return Citizen(
        number=f"13{(800_138_000 + person) % 10**9:09}",
        name=_NAMES[n % len(_NAMES)],
        dialled=_LINES[n % len(_LINES)],
        key=_KEYS[(n + citizen) % len(_KEYS)],
        listens_s=spread(n, 1.5, 5.0),
        patience_s=patience_s,
        score=_SCORES[(n + turn) % len(_SCORES)],
    )


class City:
    """Runs a plan against a hotline. `note` is told what happens, for the progress display."""

    def __init__(
        self,
        plan: CityPlan,
        places: list[Place],
        *,
        base_url: str,
        password: str,
        telephones: Telephones,
        stories: Stories,
        folder: Path,
        note: Note,
    ) -> None:
        self._plan = plan
        self._places = places
        self._base_url = base_url
        self._password = password
        self._telephones = telephones
        self._stories = stories
        self._folder = folder
        self._note = note
        self._voices: list[Path] = []
        self._operators: list[HeadlessOperator] = []
        self.counts: Counter[str] = Counter()

    async def live(self) -> Counter[str]:
        """Let the city live for the plan's time; returns what happened, by kind.

        When the time is over nobody dials any more, and who waits is still served. Raises
        Unavailable when the hotline refuses somebody or goes away.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._telephones.stop)
            await self._open(stack)
            over, home = asyncio.Event(), asyncio.Event()
            work = [asyncio.create_task(o.take_calls(home)) for o in self._operators]
            calls = [
                asyncio.create_task(self._citizen(number, over))
                for number in range(self._plan.citizens)
            ]
            phones = asyncio.create_task(self._keep_registered())
            stack.push_async_callback(_end, [*work, *calls, phones])
            stop = asyncio.create_task(asyncio.sleep(self._plan.minutes * 60))
            stack.push_async_callback(_end, [stop])
            await _unless_failed([stop], [*work, *calls, phones])
            over.set()
            self._note("the city", "nobody dials any more; who waits is still served")
            await _unless_failed(calls, [*work, phones], _LAST_CALLS_S)
            home.set()
            await self._telephones.hang_up_citizens()
            await _unless_failed([*calls, *work], [phones], _LAST_CALLS_S)
        for name in ("calls", "cases", "troubles"):
            self.counts[_SHOWN[name]] = sum(getattr(o, name) for o in self._operators)
        return self.counts

    async def _open(self, stack: AsyncExitStack) -> None:
        """Voices, phones and operators, up to the moment before the first is ready."""
        voice = await asyncio.to_thread(
            mulaw_voice, OPERATOR, self._folder / "operator.ulaw", speed=170
        )
        self._voices = [
            await asyncio.to_thread(
                mulaw_voice, CITIZEN, self._folder / f"citizen-{speed}.ulaw", speed=speed
            )
            for speed in (150, 165, 180)
        ]
        await self._telephones.desks(
            [DeskAccount(f"desk{p.booth}", p.secret) for p in self._places], voice
        )
        self._operators = [self._operator(i, place) for i, place in enumerate(self._places)]
        stack.push_async_callback(self._everybody_leaves)
        for operator in self._operators:
            await operator.sign_in()
            await operator.sit_down()

    async def _everybody_leaves(self) -> None:
        await asyncio.gather(*(o.leave() for o in self._operators), return_exceptions=True)

    def _operator(self, index: int, place: Place) -> HeadlessOperator:
        return HeadlessOperator(
            self._base_url,
            place.account,
            self._password,
            place.booth,
            Habits(talk_s=spread(index, 8, 25), wrap_s=spread(index + 3, 2, 6)),
            stories=self._stories,
            note=self._note,
        )

    async def _keep_registered(self) -> None:
        while True:
            await asyncio.sleep(_REGISTER_EVERY_S)
            await self._telephones.register(len(self._places))

    async def _citizen(self, number: int, stop: asyncio.Event) -> None:
        voice = self._voices[number % len(self._voices)]
        turn = 0
        pause = spread(number, 0, self._plan.pause_s)
        while not await _set_within(stop, pause):
            call = citizen_call(number, turn, self._plan.patience_s)
            self.counts["calls"] += 1
            self._note(call.number, f"dials {call.dialled}, presses {call.key or 'nothing'}")
            if not await self._telephones.call(call, voice):
                self.counts["calls that failed"] += 1
                self._note(call.number, "the call failed")
            turn += 1
            pause = spread(number + turn * 5, 0.3, 1.7) * self._plan.pause_s


async def _unless_failed(
    wanted: list[asyncio.Task[None]],
    others: list[asyncio.Task[None]],
    within_s: float | None = None,
) -> None:
    """Return when all `wanted` tasks are done, or the time is over. Raises what any of all the
    tasks raised, at once."""
    loop = asyncio.get_running_loop()
    deadline = None if within_s is None else loop.time() + within_s
    while left := {t for t in wanted if not t.done()}:
        watched = left | {t for t in others if not t.done()}
        rest = None if deadline is None else max(0.0, deadline - loop.time())
        done, _ = await asyncio.wait(watched, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if not done:
            return
    for task in wanted:
        task.result()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """True if the event is set before `seconds` are over."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
