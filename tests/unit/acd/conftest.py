"""What the tests of the distribution's service stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.acd.hall import Hall


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    hall = Hall()
    await hall.acd.start()
    hall.exchange.restore()
    await hall.calm()
    yield hall
    await hall.acd.stop()
    crashed = [line for line in hall.log.lines if line[0] == "exception"]
    assert crashed == []
