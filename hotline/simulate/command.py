"""`hotline simulate`: seats the operators, lets the city live, shows what happens."""

from __future__ import annotations

import socket
import tempfile
from collections import Counter
from pathlib import Path

import httpx
from rich.console import Console

from hotline.asterisk import phone_secrets
from hotline.demo import demo_password
from hotline.secrets import Secrets
from hotline.settings import Settings
from hotline.simulate.city import City, CityPlan, Place
from hotline.simulate.telephones import Telephones
from kernel.errors import Unavailable

_SPREAD_OVER_ROSTER = 61
"""Operators are taken every so many work numbers, so that all five teams are at work."""


async def simulate(
    settings: Settings, citizens: int, operators: int, minutes: float, console: Console
) -> Counter[str]:
    """Raises Unavailable when no hotline answers at the settings' web port."""
    base_url = f"http://{settings.web_host}:{settings.web_port}"
    await _demand_running(base_url)
    with tempfile.TemporaryDirectory(prefix="hotline-simulate-") as folder:
        telephones = Telephones(Path(folder), "127.0.0.1", settings.sip_port)
        city = City(
            CityPlan(citizens=citizens, operators=operators, minutes=minutes),
            places(settings, operators),
            base_url=base_url,
            password=demo_password(settings),
            telephones=telephones,
            desk_port=_free_udp_port(),
            folder=Path(folder),
            note=lambda who, what: console.print(f"{who:>12}  {what}", markup=False),
        )
        try:
            return await city.live()
        finally:
            await telephones.stop()


def places(settings: Settings, operators: int) -> list[Place]:
    """The first booths counted from the last one, so that people find the first ones free."""
    booths = [f"{506 - i:03}" for i in range(operators)]
    secrets = phone_secrets(Secrets(settings.secrets_dir), booths)
    accounts = [f"op{(i * _SPREAD_OVER_ROSTER) % 759 + 1:04}" for i in range(operators)]
    return [
        Place(account, booth, secrets[f"desk{booth}"])
        for account, booth in zip(accounts, booths, strict=True)
    ]


async def _demand_running(base_url: str) -> None:
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{base_url}/healthz")
    except httpx.HTTPError as error:
        raise Unavailable(f"no hotline answers at {base_url}; start it with `make run`") from error
    if answer.status_code != 200:
        raise Unavailable(f"the hotline at {base_url} cannot take calls: {answer.text}")


def _free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
