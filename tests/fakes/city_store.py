"""A city at hand (port `directory.ports.CityStore`)."""

from __future__ import annotations

from directory.core.city import City


class GivenCity:
    def __init__(self, city: City) -> None:
        self.city = city

    async def load(self) -> City:
        return self.city
