"""How large the trials are: small in every test run, full by `make chaos`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tests.servers.asterisk import MEDIA_PORTS


@dataclass(frozen=True, slots=True)
class Size:
    """`waiting`, `ringing` and `talking` are callers; `kills` how often a platform dies in turn;
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
)
SIZE = FULL if os.environ.get("HOTLINE_CHAOS") == "full" else SMALL
