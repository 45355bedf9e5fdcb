"""The whole hotline within the test's own process: every service as `hotline run` starts it, the
real Asterisk, a demo city of its own. No web pages and no guardian, but everything else can be
looked into: who is remembered, what is still at work, what was recorded."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar

from hotline.asterisk_keeper import AsteriskKeeper
from hotline.demo import seed_city
from hotline.migrate import migrate_settings
from hotline.settings import ROOT, Settings
from hotline.wiring import Services, assemble
from kernel.events import CallArrived, CallEnded, Event, MenuStepEntered
from kernel.ids import AgentId, BoothId, CallId, Endpoint
from kernel.infra.clock import SystemClock
from kernel.infra.term import Tenure
from tests.servers.asterisk import MEDIA_PORTS
from tests.servers.process import free_port, media_ports
from tests.servers.sip_phone import SipPhone

UP_WITHIN_S = 60
LOOK_EVERY_S = 0.1
E = TypeVar("E", bound=Event)


class HeardEvents:
    """Everything that was published of calls, by the number they came from."""

    def __init__(self) -> None:
        self._of_call: defaultdict[CallId, list[Event]] = defaultdict(list)
        self._calls: defaultdict[str, list[CallId]] = defaultdict(list)
        self._news = asyncio.Event()

    async def hear(self, event: Event) -> None:
        if event.call_id is None:
            return
        if isinstance(event, CallArrived):
            self._calls[event.ani].append(event.call_id)
        self._of_call[event.call_id].append(event)
        self._news.set()
        self._news = asyncio.Event()

    def calls_of(self, ani: str) -> int:
        """How often that number has called."""
        return len(self._calls[ani])

    def of(self, ani: str, after_calls: int = 0) -> list[Event]:
        """Of all calls from this number but its first ones, each call's in order."""
        calls = self._calls[ani][after_calls:]
        return [event for call_id in calls for event in self._of_call[call_id]]

    async def wait(
        self,
        ani: str,
        kind: type[E],
        where: Callable[[E], bool] = lambda _: True,
        within_s: float = 30,
        after_calls: int = 0,
    ) -> E:
        """The first such event. Raises TimeoutError with what there was instead."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    news = self._news
                    for event in self.of(ani, after_calls):
                        if isinstance(event, kind) and where(event):
                            return event
                    await news.wait()
        except TimeoutError:
            there = [
                event.step if isinstance(event, MenuStepEntered) else type(event).__name__
                for event in self.of(ani, after_calls)
            ]
            raise TimeoutError(f"{ani}: no such {kind.__name__} among {there}") from None


class WholeHotline:
    """Up and answering. `operator` sits somebody down."""

    def __init__(self, settings: Settings, services: Services) -> None:
        self.settings = settings
        self.services = services
        self.events = HeardEvents()
        services.bus.subscribe(Event, self.events.hear, name="test")
        self._phones: list[SipPhone] = []

    @property
    def sip_port(self) -> int:
        return self.settings.sip_port

    async def operator(self, agent_id: str, booth: str) -> SipPhone:
        """A desk phone whose operator is logged in and ready."""
        endpoint = Endpoint(f"desk{booth}")
        phone = await SipPhone.open(endpoint, self.sip_port, 1000)
        self._phones.append(phone)
        await phone.register(self.services.asterisk.phone_secrets[endpoint])
        await until(lambda: self.services.line.reachable(endpoint), f"{endpoint} is registered")
        acd = self.services.distribution
        await acd.log_in(AgentId(agent_id), BoothId(booth), endpoint)
        await acd.ready(AgentId(agent_id))
        return phone

    async def leave(self, agent_id: str) -> None:
        await self.services.distribution.log_out(AgentId(agent_id))

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """What stands in the database now."""
        address = f"file:{self.settings.data_dir / 'hotline.db'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    def calls(self, ani: str) -> list[dict[str, Any]]:
        """The records of the calls from this number, oldest first."""
        return self.rows("SELECT * FROM calls WHERE ani = ? ORDER BY arrived_at", ani)

    async def ended(self, ani: str, outcome: str) -> None:
        """The last call from this number is over, and its record says so."""
        await self.events.wait(ani, CallEnded)

        def closed() -> bool:
            # On a busy machine there may be no record yet: the journal writes in batches.
            calls = self.calls(ani)
            return bool(calls) and calls[-1]["ended_at"] is not None

        await until(closed, f"the record of {ani} is closed")
        assert self.calls(ani)[-1]["outcome"] == outcome

    async def step(
        self, ani: str, name: str, within_s: float = 30, *, after_calls: int = 0
    ) -> None:
        """Return when the caller from this number has come to that step of a flow; the number's
        first calls do not count."""
        await self.events.wait(
            ani, MenuStepEntered, lambda e: e.step == name, within_s, after_calls
        )

    def remembered(self) -> dict[str, int]:
        """Callers who are still kept in mind, by who keeps them."""
        services = self.services
        return {
            "line": services.line.live_calls,
            "dialogue": services.ivr.dialogue.live_calls(),
            "distribution": len(services.distribution.known_callers()),
        }

    async def close(self) -> None:
        for phone in self._phones:
            phone.close()


async def until(holds: Callable[[], bool], what: str, within_s: float = 30) -> None:
    """Return as soon as it holds. Raises TimeoutError naming what did not happen."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not holds():
        if loop.time() > deadline:
            raise TimeoutError(f"{what}: not within {within_s} s")
        await asyncio.sleep(LOOK_EVERY_S)  # the interval between two looks at the condition


@asynccontextmanager
async def whole_hotline(
    folder: Path, changes: Mapping[str, tuple[str, str]] = {}
) -> AsyncIterator[WholeHotline]:
    """Everything under `folder`, with prompts that a test may add to. `changes`: what is written
    otherwise in a file of the reviewed data, as (this, that)."""
    with media_ports(MEDIA_PORTS) as first:
        settings = Settings(
            setup_dir=await asyncio.to_thread(_own_set_up, folder / "var"),
            config_dir=await asyncio.to_thread(_own_config, folder / "config", changes),
            data_dir=folder / "data",
            web_port=free_port(),
            sip_port=free_port(),
            asterisk_http_port=free_port(),
            ami_port=free_port(),
            agi_port=free_port(),
            rtp_start=first,
            rtp_end=first + MEDIA_PORTS - 1,
        )
        await migrate_settings(settings)
        await seed_city(settings, lambda what, done, total: None)
        async with AsyncExitStack() as stack:
            tenure = Tenure(settings.database, SystemClock(), lambda why: os._exit(3))
            stack.push_async_callback(tenure.end)
            services = await assemble(settings, await tenure.begin())
            made = WholeHotline(settings, services)
            stack.push_async_callback(services.stop)
            keeper = AsteriskKeeper(settings, services.asterisk)
            stack.push_async_callback(keeper.stop)
            await keeper.start()
            await services.start()
            await asyncio.wait_for(services.line.wait_up(), UP_WITHIN_S)
            stack.push_async_callback(made.close)
            yield made


def _own_set_up(folder: Path) -> Path:
    """As set-up left it, but with a folder of prompts of its own, full of links."""
    made = ROOT / "var"
    folder.mkdir(parents=True)
    for name in ("asterisk", "certs"):
        (folder / name).symlink_to(made / name)
    shutil.copytree(made / "prompts", folder / "prompts", copy_function=os.symlink)
    return folder


def _own_config(folder: Path, changes: Mapping[str, tuple[str, str]]) -> Path:
    shutil.copytree(ROOT / "config", folder)
    for name, (this, that) in changes.items():
        text = (folder / name).read_text()
        assert this in text, f"{name} says {this!r} no longer"
        (folder / name).write_text(text.replace(this, that))
    return folder
