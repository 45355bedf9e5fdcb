"""Keeps one Asterisk running, and finds the one that the last platform left behind.

Asterisk holds the callers and outlives a platform that dies. The next platform adopts it: reads a
changed configuration in, cuts whoever else is connected to it, and takes over with every caller in
place. Only an orderly stop ends Asterisk.
"""

from __future__ import annotations

import asyncio

from cti.adapters.asterisk_config import AsteriskValues, render
from cti.adapters.asterisk_process import AsteriskProcess, living
from cti.adapters.asterisk_reload import ACCOUNT_FILE, read_in
from hotline.run import demand_asterisk_ports
from hotline.settings import Settings
from kernel.errors import ConfigurationError, Unavailable
from kernel.infra.log import get

log = get("hotline")
RESTART_PAUSE_S = (0.5, 1.0, 2.0, 5.0)


class AsteriskKeeper:
    """One that dies is started again, ever more slowly (to 5 s)."""

    def __init__(self, settings: Settings, values: AsteriskValues) -> None:
        self._settings = settings
        self._values = values
        self._config_dir = settings.asterisk_dir / "etc"
        self._process = self._new()
        self._watch: asyncio.Task[None] | None = None
        self.callers_stay = False
        """Whether `stop` leaves Asterisk and its callers to the next platform."""

    def _new(self) -> AsteriskProcess:
        return AsteriskProcess(self._settings.asterisk, self._config_dir)

    async def start(self) -> None:
        """Returns when Asterisk is ready. Raises Unavailable, ConfigurationError."""
        if await self._process.adopt():
            self.callers_stay = True
            await self._take_over()
        else:
            demand_asterisk_ports(self._settings)
            await asyncio.to_thread(render, self._config_dir, self._values)
            await self._process.start()
        self._watch = asyncio.get_running_loop().create_task(self._keep(), name="asterisk-keeper")

    async def _take_over(self) -> None:
        """Order of steps: the account's new password first, then nobody is left with the old."""
        log.info("asterisk_adopted", pid=self._process.pid)
        binary = self._settings.asterisk
        try:
            done = await read_in(self._process, binary, self._config_dir, self._values)
        except ConfigurationError as error:
            log.error("asterisk_configuration_refused", reason=error.message)
            only = (ACCOUNT_FILE,)
            done = await read_in(self._process, binary, self._config_dir, self._values, only=only)
        if done.later:
            log.warning("asterisk_needs_a_restart", files=", ".join(done.later))
        ended = await self._process.end_sessions()
        log.info("asterisk_taken_over", read_in=", ".join(done.now), sessions_ended=ended)

    async def stop(self) -> None:
        """End Asterisk, and every call with it, unless the callers are to stay."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if not self.callers_stay:
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


def asterisk_lives(settings: Settings) -> bool:
    """Whether an Asterisk of this installation runs already."""
    return living(settings.asterisk_dir / "etc") is not None
