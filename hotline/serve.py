"""Everything `hotline run` starts, in order, and the same in reverse."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import sys
from contextlib import AsyncExitStack

from rich.console import Console
from rich.panel import Panel
from sqlalchemy import text

from acd.adapters.code_print import code_print
from hotline.asterisk_keeper import AsteriskKeeper, asterisk_lives
from hotline.guardian import BEAT_EVERY_S, Beat
from hotline.migrate import in_one_sentence, is_newest
from hotline.pages import web_app
from hotline.run import (
    demand_asterisk_ports,
    demand_platform_ports,
    until_stopped,
    web_server,
)
from hotline.secrets import demo_password
from hotline.settings import Settings
from hotline.wiring import assemble
from kernel.errors import Unavailable
from kernel.infra.clock import SystemClock
from kernel.infra.database import Database
from kernel.infra.log import get
from kernel.infra.loop_lag import LoopLag
from kernel.infra.term import Tenure
from knowledge_base.adapters.chinese import library_chinese

log = get("hotline")
LINE_UP_WITHIN_S = 60
SUPERSEDED = 3
"""Exit code of a run that found a newer one at work."""
THREADS_WAIT_S = 0.0005
"""How long a thread of the database may keep the event loop waiting for the interpreter. At
Python's 5 ms an offer met it up to three times: ready -> order 15 ms at the median, 5 ms so."""
COLLECT_AFTER = (5_000, 10, 500)
"""New objects; collections of the youngest; of the middle ones. Python: 700, 10, 10."""
LAZY_MODULES = (
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)


def prepare() -> None:
    """What every server needs and can be had once: dictionaries and lazily imported modules. All of
    it out of the garbage collector's sight, which would touch, and so copy, every page that a
    server has in common with its guardian."""
    library_chinese()
    code_print()
    for module in LAZY_MODULES:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


async def serve(settings: Settings, console: Console, beat: Beat) -> None:
    """Run until Ctrl-C. Raises Unavailable, in one sentence, for whatever is missing.

    `beat` tells the guardian that the event loop turns.
    """
    sys.setswitchinterval(THREADS_WAIT_S)
    # A start makes much and drops little: collected once, at its end.
    gc.disable()
    async with AsyncExitStack() as stack:
        beating = asyncio.get_running_loop().create_task(_beat(beat), name="guardian-beat")
        stack.callback(beating.cancel)
        lag = LoopLag()
        stack.callback(lag.stop)
        demand_platform_ports(settings)
        if not asterisk_lives(settings):
            demand_asterisk_ports(settings)
        await _demand_city(settings)
        tenure = Tenure(settings.database, SystemClock(), _superseded)
        stack.push_async_callback(tenure.end)
        with in_one_sentence():
            term = await tenure.begin()
        services = await assemble(settings, term)
        stack.push_async_callback(services.stop)
        keeper = AsteriskKeeper(settings, services.asterisk)
        stack.push_async_callback(keeper.stop)
        await keeper.start()
        await services.start()
        try:
            await asyncio.wait_for(services.line.wait_up(), LINE_UP_WITHIN_S)
        except TimeoutError:
            raise Unavailable(
                f"Asterisk runs, but the line did not come up: {services.line.state.reason}"
            ) from None
        server = web_server(await web_app(services), settings)
        leave_the_lasting_alone()
        if beat.first:
            console.print(_banner(settings))
        beat.serving()
        lag.start()
        # Only an orderly stop ends the calls; after any other, the next server goes on with them.
        keeper.callers_stay = True
        ports = {"web_port": settings.web_port, "sip_port": settings.sip_port}
        log.info("hotline_up", term=term, **ports)
        await until_stopped(server)
        keeper.callers_stay = False
        console.print("hotline: stopping …")
    console.print("hotline: stopped")


def _superseded(why: str) -> None:
    """A newer run is at work: whatever this one still did would be done twice. So it stops in the
    middle of everything; Asterisk, its callers and the database are the other's."""
    log.critical("superseded", reason=why)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(SUPERSEDED)


def leave_the_lasting_alone() -> None:
    """Take what will live until the end out of the garbage collector's sight: the code, the city.

    A full collection over it stops the process, and so every caller's next step, for 0.3 s of a
    busy core, several times a minute at 10 calls a second. What comes and goes is collected in
    milliseconds. The sessions of 506 operators come later and last, too: a full collection over
    them takes 0.1 s, so it comes once in hours; and a wallboard's thousands of cells, which
    are gone again at once, begin none at all.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


async def _beat(beat: Beat) -> None:
    while True:
        beat.alive()
        await asyncio.sleep(BEAT_EVERY_S)


async def _demand_city(settings: Settings) -> None:
    """Raises Unavailable when the database has no city yet, or an older schema."""
    database = Database(settings.database)
    try:
        with in_one_sentence():
            async with database.connection() as connection:
                newest = await connection.run_sync(is_newest)
                found = newest and await connection.scalar(text("SELECT count(*) FROM booths"))
    finally:
        await database.close()
    if not newest:
        raise Unavailable("The database's schema is not this version's; run `hotline migrate`.")
    if not found:
        raise Unavailable("The database has no city yet; run `hotline demo`.")


def _banner(settings: Settings) -> Panel:
    address = f"http://{settings.web_host}:{settings.web_port}"
    lines = [
        f"desktop      [bold]{address}[/]   op0001 … op0759 operators",
        f"wallboard    {address}/wallboard   ad01 … ad10 supervisors",
        f"recordings   {address}/recordings   ad11 … quality listeners",
        f"dial 12345   {address}/phone   the web phone, no account needed",
        f"             or any SIP phone: sip:12345@127.0.0.1:{settings.sip_port}",
        "",
        "All accounts: docs/demo-accounts.md",
        f"The password of every demo account: [bold]{demo_password(settings)}[/]",
        "Bring it to life:  hotline simulate --citizens 20 --operators 12",
        "Ctrl-C stops everything that was started here.",
    ]
    return Panel("\n".join(lines), title="广州12345政务服务热线", expand=False)
