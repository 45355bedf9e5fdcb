"""One load on a running line: citizens dial at a steady rate, operators at desk phones answer.

Citizens and desk phones are sipp, operators are the headless ones of `hotline simulate`, over the
desktop's own WebSocket. Each citizen dials, listens, presses a team's key, is served, rates and is
gone; nobody's time is taken from the platform's own log.
"""

from __future__ import annotations

import asyncio
import math
import time
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from bench.ears import Ears
from bench.line_events import LineEvents
from bench.samples import Samples
from bench.traces import Offer, SipMessage, offers, read_trace, set_ups
from bench.usage import Usage
from hotline.simulate.city import Place
from hotline.simulate.operators import Habits, HeadlessOperator
from hotline.simulate.telephones import Citizen, DeskAccount, Telephones, free_udp_port
from kernel.errors import Unavailable

TRACE = ("-trace_msg", "-message_file", "{name}.msg")
_RING_S = 0.3
TALK_S = 0.6
_IDLE_WRAP_S = 0.3
_UNEVEN = 0.5
"""With even write-ups and even arrivals a poller's phases would fall in step with them."""
_OVERHEAD_S = 0.1
_PATIENCE_S = 90.0
_SERVICE_SHARE = 0.95
_HEAD_START_S = 10.0
_APART_S = 0.05
"""Operators begin one after the other; nobody's hands are so even that they press at once."""
_KEYS = "12345"
_REGISTER_EVERY_S = 240.0
_SERVED_WITHIN_S = 150.0
_BECOMES_READY = ("ready", "wrap_up_done")
LINE = "12345"
# Number, name, media port and key are injected for each call.
_CITIZEN = Citizen(
    number="[field0]",
    name="[field1]",
    dialled=LINE,
    key="[field3]",
    listens_s=2.0,
    patience_s=_PATIENCE_S,
    score="1",
)


@dataclass(frozen=True, slots=True)
class Load:
    """`calls` citizens dial at `rate` a second; `operators`, who write up for `wrap_s`, begin to
    serve `head_start_s` after the first citizen dialled."""

    name: str
    rate: float
    calls: int
    operators: int
    wrap_s: float
    head_start_s: float
    talk_s: float = TALK_S

    @property
    def habits(self) -> Habits:
        return Habits(self.talk_s, self.wrap_s, _UNEVEN)


def idle_operators(rate: float, seconds: float, talk_s: float = TALK_S) -> Load:
    """More operators than the load needs: a caller who comes into the line finds an idle one."""
    busy = rate * (_RING_S + talk_s + _IDLE_WRAP_S + _OVERHEAD_S)
    return Load(
        name=f"{rate:g} calls/s, operators are idle",
        rate=rate,
        calls=round(rate * seconds),
        operators=5 * math.ceil(1 + (busy + 2 * math.sqrt(5 * busy)) / 5),
        wrap_s=_IDLE_WRAP_S,
        head_start_s=0.0,
        talk_s=talk_s,
    )


def line_to_serve(rate: float, seconds: float, talk_s: float = TALK_S) -> Load:
    """A little less service than there are calls, and a head start of the callers: whoever
    becomes ready finds somebody waiting. Each of the five teams has somebody."""
    served_s = _RING_S + talk_s + _OVERHEAD_S
    operators = 5 * math.ceil(rate * (served_s + _IDLE_WRAP_S) / 5)
    return Load(
        name=f"{rate:g} calls/s, callers are waiting",
        rate=rate,
        calls=round(rate * seconds),
        operators=operators,
        wrap_s=operators / (_SERVICE_SHARE * rate) - served_s,
        head_start_s=_HEAD_START_S,
        talk_s=talk_s,
    )


@dataclass(slots=True)
class Ready:
    """When each operator said ready, by the phone's endpoint, oldest first."""

    at: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def sending(self, endpoint: str, command: str) -> None:
        if command in _BECOMES_READY:
            self.said(endpoint, time.time())

    def said(self, endpoint: str, at: float) -> None:
        insort(self.at[endpoint], at)


class Worker(Protocol):
    """An operator for the length of one load."""

    async def sign_in(self) -> None: ...

    async def sit_down(self) -> None: ...

    async def take_calls(self, until: asyncio.Event) -> None: ...

    async def leave(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Side:
    """Who distributes: the number that leads there, its operators (place, load, whom to tell of
    each ready), when its callers came into the line, whether an offer stays with the own team."""

    dialled: str
    worker: Callable[[Place, Load, Ready], Worker]
    arrived_at: Mapping[str, float]
    is_own: Callable[[Offer], bool]


class Site:
    """A running hotline with desk phones that answer; `carry` puts a load on it."""

    def __init__(
        self,
        *,
        base_url: str,
        password: str,
        sip_port: int,
        places: list[Place],
        team_of_phone: Mapping[str, str],
        events: LineEvents,
        folder: Path,
        speak: bool = True,
    ) -> None:
        self._base_url = base_url
        self._password = password
        self._places = places
        self._team_of_phone = team_of_phone
        self._events = events
        self._folder = folder
        self._telephones = Telephones(folder, "127.0.0.1", sip_port, TRACE, speak=speak)
        self._voice = folder / "voice.ulaw"
        self._registering: asyncio.Task[None] | None = None
        self._loads = 0
        self._calls = 0

    async def open(self, voice: Path) -> None:
        """Register the phones. Raises Unavailable if one is refused."""
        self._voice = voice
        accounts = [DeskAccount(f"desk{p.booth}", p.secret) for p in self._places]
        await self._telephones.desks(accounts, voice, ring_s=_RING_S)
        self._registering = asyncio.create_task(self._keep_registered())

    async def close(self) -> None:
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)
        await self._telephones.stop()

    @property
    def ours(self) -> Side:
        """The platform."""
        return Side(
            dialled=LINE,
            worker=self.operator,
            arrived_at=self._events.arrived_at,
            is_own=lambda offer: (
                self._team_of_phone[offer.endpoint] == self._events.team_of.get(offer.call_id)
            ),
        )

    async def carry(
        self, load: Load, side: Side, samples: Samples, usage: Callable[[], Usage]
    ) -> Usage:
        """Carry the load to its end and add to the samples; what was spent from the first INVITE
        to the last citizen's end, by the counter `usage`.

        Raises Unavailable when an operator is refused or the calls never come to an end.
        """
        began = time.time()
        ready, ears = Ready(), Ears(load.calls)
        operators = [side.worker(place, load, ready) for place in self._places[: load.operators]]
        ears.open()
        try:
            for operator in operators:
                await operator.sign_in()
                await operator.sit_down()
            used = usage()
            name, citizens = await self.dial(
                load, side.dialled, ears.ports, _PATIENCE_S + load.talk_s
            )
            await self._serve(load, operators, citizens)
            spent = usage() - used
        finally:
            await asyncio.gather(*(o.leave() for o in operators), return_exceptions=True)
            ears.close()
        samples.add_calls(set_ups(await self.trace(name)), ears.heard_at)
        made = [offer for offer in offers(await self.trace("desk")) if offer.at >= began]
        samples.add_offers(made, side.arrived_at, ready.at, side.is_own)
        return spent

    def operator(self, place: Place, load: Load, ready: Ready) -> HeadlessOperator:
        endpoint = f"desk{place.booth}"
        return HeadlessOperator(
            self._base_url,
            place.account,
            self._password,
            place.booth,
            load.habits,
            stories=None,
            note=lambda who, what: None,
            sending=lambda who, command: ready.sending(endpoint, command),
        )

    async def dial(
        self, load: Load, dialled: str, ports: Sequence[int], patience_s: float = _PATIENCE_S
    ) -> tuple[str, asyncio.subprocess.Process]:
        """Start the sipp whose calls are this load's; the name of its trace, and the process."""
        self._loads += 1
        name = f"citizens-{self._loads}"
        rows = [
            f"1390{self._calls + n:07};;{port};{_KEYS[n % len(_KEYS)]};"
            for n, port in enumerate(ports)
        ]
        self._calls += load.calls
        table = self._folder / f"{name}.csv"
        table.write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
        citizen = replace(_CITIZEN, dialled=dialled, patience_s=patience_s)
        scenario = self._telephones.citizen_scenario(citizen, self._voice, "[field2]")
        process = await self._telephones.spawn(
            *(name, "-sf", scenario, "-inf", str(table), "-p", str(free_udp_port())),
            # Whole calls in 100 s: sipp takes no fractions.
            *("-r", str(round(load.rate * 100)), "-rp", "100000"),
            *("-m", str(load.calls), "-l", str(load.calls)),
        )
        return name, process

    async def ended(self, citizens: asyncio.subprocess.Process) -> int:
        """Return when the last of them has put the telephone down; sipp's exit code."""
        return await self._telephones.ended(citizens)

    def size(self, name: str) -> int:
        """Bytes of a trace so far."""
        return (self._folder / f"{name}.msg").stat().st_size

    async def _serve(
        self, load: Load, operators: Sequence[Worker], citizens: asyncio.subprocess.Process
    ) -> None:
        """Operators take calls until the citizens' telephones have all been put down."""
        over = asyncio.Event()
        work: list[asyncio.Task[None]] = []
        dialling_s = load.calls / load.rate
        try:
            async with asyncio.timeout(
                load.head_start_s + dialling_s + load.talk_s + _SERVED_WITHIN_S
            ):
                ended = asyncio.create_task(self.ended(citizens))
                await asyncio.wait({ended}, timeout=load.head_start_s)
                work = [
                    asyncio.create_task(_begin(operator, n * _APART_S, over))
                    for n, operator in enumerate(operators)
                ]
                await asyncio.wait({ended, *work}, return_when=asyncio.FIRST_COMPLETED)
                over.set()
                await asyncio.gather(ended, *work)
        except TimeoutError as error:
            raise Unavailable(f"{load.name}: the calls did not come to an end in time") from error
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def trace(self, name: str, since: int = 0) -> list[SipMessage]:
        """The messages of a trace from this byte on."""

        def read() -> list[SipMessage]:
            with (self._folder / f"{name}.msg").open("rb") as file:
                file.seek(since)
                return list(read_trace(file.read().decode("utf-8", "replace")))

        return await asyncio.to_thread(read)

    async def _keep_registered(self) -> None:
        while True:
            await asyncio.sleep(_REGISTER_EVERY_S)
            await self._telephones.register(len(self._places))


async def _begin(operator: Worker, after_s: float, over: asyncio.Event) -> None:
    await asyncio.sleep(after_s)
    await operator.take_calls(over)
