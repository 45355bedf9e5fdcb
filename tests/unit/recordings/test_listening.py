"""No sound is handed over before the listening is on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from kernel.audit import AuditValue
from kernel.errors import Unavailable
from kernel.ids import CallId
from recordings.service import Listening
from tests.fakes.audit_trail import KeptAudit, Recorded
from tests.fakes.clock import SetClock
from tests.fakes.listening_log import ListedListenings

CALL = CallId("gz-1-1")


class BrokenAudit(KeptAudit):
    """The trail cannot be written."""

    async def record(
        self,
        *,
        who: str,
        action: str,
        object_id: str,
        detail: Mapping[str, AuditValue] | None = None,
    ) -> None:
        raise Unavailable("broken")


class Desk:
    def __init__(self, trail: KeptAudit | None = None) -> None:
        self.log, self.clock = ListedListenings(), SetClock()
        self.trail = trail or KeptAudit()
        self.listening = Listening(log=self.log, audit=self.trail, clock=self.clock)


async def test_ranges_of_one_playback_are_one_listening() -> None:
    desk = Desk()
    for _ in range(5):
        await desk.listening.fetched("qa01", CALL, 0)
        desk.clock.advance(timedelta(seconds=20))
    assert len(desk.log.entries) == 1


async def test_listening_again_later_is_another_listening() -> None:
    desk = Desk()
    await desk.listening.fetched("qa01", CALL, 0)
    desk.clock.advance(timedelta(seconds=31))
    await desk.listening.fetched("qa01", CALL, 5)
    assert [entry.from_s for _, entry in desk.log.entries] == [0, 5]


async def test_each_person_is_written_down() -> None:
    desk = Desk()
    await desk.listening.fetched("qa01", CALL, 0)
    await desk.listening.fetched("qa02", CALL, 0)
    assert [e.account for e in await desk.listening.of_call(CALL)] == ["qa02", "qa01"]


async def test_each_playback_goes_to_the_audit_trail() -> None:
    desk = Desk()
    await desk.listening.played("qa01", CALL, 12.34)
    assert desk.trail.entries == [Recorded("qa01", "recording_played", CALL, {"from_s": 12.3})]


async def test_reading_is_written_down_beside_listening() -> None:
    desk = Desk()
    await desk.listening.fetched("qa01", CALL, 3)
    for _ in range(2):
        await desk.listening.read("qa01", CALL)
    assert desk.trail.actions == ["recording_fetched", "recording_read"]
    assert [entry.act for entry in await desk.listening.of_call(CALL)] == ["read", "fetched"]


async def test_listening_that_cannot_be_written_down_is_refused_each_time() -> None:
    desk = Desk(BrokenAudit())
    for _ in range(2):
        with pytest.raises(Unavailable):
            await desk.listening.fetched("qa01", CALL, 0)
