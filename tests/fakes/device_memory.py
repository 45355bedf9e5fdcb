"""Known devices in a dictionary (port `directory.ports.DeviceMemory`)."""

from __future__ import annotations

from datetime import datetime


class DictDeviceMemory:
    def __init__(self) -> None:
        self.devices: dict[str, datetime] = {}

    async def known(self, token_hash: str, since: datetime) -> bool:
        last = self.devices.get(token_hash)
        return last is not None and last >= since

    async def remember(self, token_hash: str, now: datetime) -> None:
        self.devices[token_hash] = now
