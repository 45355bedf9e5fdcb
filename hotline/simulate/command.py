"""`hotline simulate`: seats the operators, lets the city live, shows what happens."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections import Counter
from itertools import zip_longest
from pathlib import Path

import httpx
from rich.console import Console

from directory.adapters.config_files import load_city
from hotline.asterisk import phone_secrets
from hotline.secrets import Secrets, demo_password
from hotline.settings import Settings
from hotline.simulate.city import City, CityPlan, Place
from hotline.simulate.stories import Stories
from hotline.simulate.telephones import Telephones
from kernel.errors import Unavailable


async def simulate(
    settings: Settings, citizens: int, operators: int, minutes: float, console: Console
) -> Counter[str]:
    """Raises Unavailable when no hotline answers at the settings' web port."""
    base_url = f"http://{settings.web_host}:{settings.web_port}"
    await _demand_running(base_url)
    with tempfile.TemporaryDirectory(prefix="hotline-simulate-") as folder:
        city = City(
            CityPlan(citizens=citizens, operators=operators, minutes=minutes),
            await asyncio.to_thread(places, settings, operators),
            base_url=base_url,
            password=demo_password(settings),
            telephones=Telephones(Path(folder), "127.0.0.1", settings.sip_port),
            stories=await asyncio.to_thread(Stories.load, settings.config_dir),
            folder=Path(folder),
            note=lambda who, what: console.print(f"{who:>12}  {what}", markup=False),
        )
        live = asyncio.ensure_future(city.live())
        # A terminal or a service manager that ends us with SIGTERM gets the same clean end.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, live.cancel)
        try:
            return await live
        except asyncio.CancelledError:
            myself = asyncio.current_task()
            if myself is not None and myself.cancelling():
                raise
            return city.counts
        finally:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


def places(settings: Settings, operators: int) -> list[Place]:
    """Operators of the five teams in turn; booths from the last one down, so that people find the
    first ones free."""
    city = load_city(settings.config_dir)
    booths = [booth.booth_id for booth in reversed(city.booths)][:operators]
    secrets = phone_secrets(Secrets(settings.secrets_dir), booths)
    by_team = [
        [o.agent_id for o in city.operators if o.primary_team == team.team_id]
        for team in city.teams
    ]
    accounts = [account for row in zip_longest(*by_team) for account in row if account is not None]
    return [
        Place(account, booth, secrets[f"desk{booth}"])
        for account, booth in zip(accounts, booths, strict=False)
    ]


async def _demand_running(base_url: str) -> None:
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{base_url}/healthz")
    except httpx.HTTPError as error:
        raise Unavailable(f"no hotline answers at {base_url}; start it with `make run`") from error
    if answer.status_code != 200:
        raise Unavailable(f"the hotline at {base_url} cannot take calls: {answer.text}")
