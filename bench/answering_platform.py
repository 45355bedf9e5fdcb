"""The platform without its web pages, in a process of its own (started by `bench.ivr_questions`).

Everything that `hotline run` assembles and starts is here as it is there: FastAGI's door, the
dialogue with its flows, notices and lookups, the distribution, the bus, the journal, the database.
Only no Asterisk is started: the control connection goes to whoever listens at the AMI port. The
settings come from the environment. It says `up`, answers until its standard input ends, and then
says how many callers it still remembers.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from hotline.serve import THREADS_WAIT_S, leave_the_lasting_alone, prepare
from hotline.settings import Settings, read_settings
from hotline.wiring import Services, assemble
from kernel.infra import log
from kernel.infra.clock import SystemClock
from kernel.infra.term import Tenure

UP_WITHIN_S = 60
_ALL_GONE_WITHIN_S = 20
_LOOK_EVERY_S = 0.05


async def answer(settings: Settings) -> None:
    sys.setswitchinterval(THREADS_WAIT_S)
    tenure = Tenure(settings.database, SystemClock(), lambda why: os._exit(3))
    services = await assemble(settings, await tenure.begin())
    await services.start()
    try:
        await asyncio.wait_for(services.line.wait_up(), UP_WITHIN_S)
        leave_the_lasting_alone()
        print("up", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps(await _left(services)), flush=True)
    finally:
        await services.stop()
        await tenure.end()


async def _left(services: Services) -> dict[str, int]:
    """Callers still remembered once all are gone, by who remembers them."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _ALL_GONE_WITHIN_S
    while True:
        left = {
            "line": services.line.live_calls,
            "dialogue": services.ivr.dialogue.live_calls(),
        }
        if not any(left.values()) or loop.time() > deadline:
            return left
        await asyncio.sleep(_LOOK_EVERY_S)


def main() -> None:
    settings = read_settings()
    log.configure(json=True, level="WARNING")
    prepare()
    asyncio.run(answer(settings))


if __name__ == "__main__":
    main()
