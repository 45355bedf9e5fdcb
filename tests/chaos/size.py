"""How large the trials are: small in every test run, full by `make chaos`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tests.servers.asterisk import MEDIA_PORTS


@dataclass(frozen=True, slots=True)
class Size:
    """In a flood `flood_rate` machines call a second, and a citizen each `flood_every_s`.
    `waiting`, `ringing` and `talking` are callers; `kills` how often a platform dies in turn;
    `races` how often each collision of two deeds is tried."""

    waiting: int
    ringing: int
    talking: int
    kills: int
    dead_s: float
    stopped_s: float
    races: int
    simulated_races: int
    cuts: int
    fuzz: int
    flood_rate: float
    flood_numbers: int
    flood_operators: int
    flood_calm: int
    flood_citizens: int
    flood_every_s: float

    @property
    def flood_ports(self) -> int:
        """A machine stays for some 30 s."""
        return max(MEDIA_PORTS, round(self.flood_rate * 1.25 * 35 * 2) + 200)

    @property
    def media_ports(self) -> int:
        """Two ports for each caller and for each phone, and some that are not yet given back."""
        return max(MEDIA_PORTS, 5 * (self.waiting + self.ringing + self.talking))


SMALL = Size(
    waiting=6,
    ringing=2,
    talking=3,
    kills=3,
    dead_s=8,
    stopped_s=15,
    races=2,
    simulated_races=2_000,
    cuts=40,
    fuzz=200,
    flood_rate=6,
    flood_numbers=6,
    flood_operators=3,
    flood_calm=4,
    flood_citizens=6,
    flood_every_s=1.5,
)
FULL = Size(
    waiting=200,
    ringing=50,
    talking=100,
    kills=50,
    dead_s=600,
    stopped_s=30,
    races=25,
    simulated_races=10_000,
    cuts=1_000,
    fuzz=100_000,
    flood_rate=20,
    flood_numbers=50,
    flood_operators=12,
    flood_calm=60,
    flood_citizens=960,
    flood_every_s=0.625,
)
SIZE = FULL if os.environ.get("HOTLINE_CHAOS") == "full" else SMALL
