"""Everything `hotline run` starts, in order, and the same in reverse."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from rich.console import Console
from rich.panel import Panel
from sqlalchemy import text

from cti.adapters.asterisk_config import render
from cti.adapters.asterisk_process import AsteriskProcess
from hotline.demo import demo_password
from hotline.migrate import in_one_sentence, is_newest
from hotline.one_instance import only_one
from hotline.pages import web_app
from hotline.run import demand_ports, until_stopped, web_server
from hotline.settings import Settings
from hotline.wiring import assemble
from kernel.errors import Unavailable
from kernel.infra.database import Database
from kernel.infra.log import get

log = get("hotline")
LINE_UP_WITHIN_S = 60
RESTART_PAUSE_S = (0.5, 1.0, 2.0, 5.0)


async def serve(settings: Settings, console: Console) -> None:
    """Run until Ctrl-C. Raises Unavailable, in one sentence, for whatever is missing."""
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one(settings.data_dir))
        demand_ports(settings)
        await _demand_city(settings)
        services = await assemble(settings)
        stack.push_async_callback(services.stop)
        await asyncio.to_thread(render, settings.asterisk_dir / "etc", services.asterisk)
        keeper = AsteriskKeeper(settings)
        await keeper.start()
        stack.push_async_callback(keeper.stop)
        await services.start()
        try:
            await asyncio.wait_for(services.line.wait_up(), LINE_UP_WITHIN_S)
        except TimeoutError:
            raise Unavailable(
                f"Asterisk runs, but the line did not come up: {services.line.state.reason}"
            ) from None
        server = web_server(await web_app(services), settings)
        console.print(_banner(settings))
        log.info("hotline_up", web_port=settings.web_port, sip_port=settings.sip_port)
        await until_stopped(server)
        console.print("hotline: stopping …")
    console.print("hotline: stopped")


class AsteriskKeeper:
    """Keeps one Asterisk running: one that dies is started again, ever more slowly (to 5 s)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process = self._new()
        self._watch: asyncio.Task[None] | None = None

    def _new(self) -> AsteriskProcess:
        return AsteriskProcess(self._settings.asterisk, self._settings.asterisk_dir / "etc")

    async def start(self) -> None:
        """Returns when Asterisk is ready. Raises Unavailable."""
        await self._process.start()
        self._watch = asyncio.get_running_loop().create_task(self._keep(), name="asterisk-keeper")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._process.stop()

    async def _keep(self) -> None:
        deaths = 0
        while True:
            code = await asyncio.shield(self._process.died)
            log.error("asterisk_died", code=code)
            await asyncio.sleep(RESTART_PAUSE_S[min(deaths, len(RESTART_PAUSE_S) - 1)])
            deaths += 1
            self._process = self._new()
            try:
                await self._process.start()
                log.info("asterisk_restarted", pid=self._process.pid)
            except Unavailable as error:
                log.error("asterisk_not_restarted", reason=error.message)
                if not self._process.died.done():
                    self._process.died.set_result(-1)


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
