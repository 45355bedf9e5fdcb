"""What the tests of the cases' service stand on."""

from __future__ import annotations

import pytest

from tests.unit.workorders.world import World


@pytest.fixture
def world() -> World:
    return World()
