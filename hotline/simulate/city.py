"""The simulated city: so many citizens who call and call again, so many operators who answer.

Who calls when, for what and for how long is a fixed sequence (multiples of the golden ratio), so
that two runs differ only by what the hotline does.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hotline.simulate.operators import HeadlessOperator
from hotline.simulate.telephones import Citizen, DeskAccount, Telephones
from hotline.simulate.voices import CITIZEN, OPERATOR, mulaw_voice

_LAST_CALLS_S = 20.0
_GOLDEN = 0.618033988749895
_KEYS = ("1", "2", "3", "4", "5", "", "3", "2", "0")
_LINES = ("12345", "12345", "12345", "12345", "12345", "12345", "12345", "12315", "12333")
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


def spread(index: int, low: float, high: float) -> float:
    """The `index`-th value of an even, repeatable spread over `low`..`high`."""
    return low + (high - low) * ((index * _GOLDEN) % 1.0)


def citizen_call(citizen: int, turn: int, patience_s: float) -> Citizen:
    """The `turn`-th call of a citizen."""
    n = citizen * 7 + turn * 3
    return Citizen(
        number=f"1380013{8000 + citizen:04}",
        name=_NAMES[n % len(_NAMES)],
        dialled=_LINES[n % len(_LINES)],
        key=_KEYS[(n + citizen) % len(_KEYS)],
        listens_s=spread(n, 1.5, 5.0),
        patience_s=patience_s,
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
        desk_port: int,
        folder: Path,
        note: Callable[[str, str], None],
    ) -> None:
        self._plan = plan
        self._places = places
        self._base_url = base_url
        self._password = password
        self._telephones = telephones
        self._desk_port = desk_port
        self._folder = folder
        self._note = note
        self._voices: list[Path] = []
        self.counts: Counter[str] = Counter()

    async def live(self) -> Counter[str]:
        """Let the city live for the plan's time; returns what happened, by kind."""
        stop = asyncio.Event()
        voice = await asyncio.to_thread(
            mulaw_voice, OPERATOR, self._folder / "operator.ulaw", speed=170
        )
        await self._telephones.desks(
            [DeskAccount(f"desk{p.booth}", p.secret) for p in self._places], self._desk_port, voice
        )
        self._voices = [
            await asyncio.to_thread(
                mulaw_voice, CITIZEN, self._folder / f"citizen-{speed}.ulaw", speed=speed
            )
            for speed in (150, 165, 180)
        ]
        operators = [self._operator(i, place) for i, place in enumerate(self._places)]
        for operator in operators:
            await operator.sign_in()
        async with asyncio.TaskGroup() as group:
            for operator in operators:
                group.create_task(operator.work(stop))
            calls = [
                group.create_task(self._citizen(number, stop))
                for number in range(self._plan.citizens)
            ]
            await asyncio.sleep(self._plan.minutes * 60)
            stop.set()
            await asyncio.wait(calls, timeout=_LAST_CALLS_S)
            await self._telephones.stop()
        self.counts["conversations"] = sum(o.calls for o in operators)
        return self.counts

    def _operator(self, index: int, place: Place) -> HeadlessOperator:
        return HeadlessOperator(
            self._base_url,
            place.account,
            self._password,
            place.booth,
            talk_s=spread(index, 8, 25),
            wrap_s=spread(index + 3, 2, 6),
            note=self._note,
        )

    async def _citizen(self, number: int, stop: asyncio.Event) -> None:
        voice = self._voices[number % len(self._voices)]
        turn = 0
        pause = spread(number, 0, self._plan.pause_s)
        while not await _set_within(stop, pause):
            call = citizen_call(number, turn, self._plan.patience_s)
            self.counts["calls"] += 1
            self._note(call.number, f"dials {call.dialled}, presses {call.key or 'nothing'}")
            await self._telephones.call(call, voice)
            turn += 1
            pause = spread(number + turn * 5, 0.3, 1.7) * self._plan.pause_s


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """True if the event is set before `seconds` are over."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
