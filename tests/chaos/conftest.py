"""A seeded data folder for all trials, and a hotline of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.living_hotline import LivingHotline
from tests.chaos.size import SIZE
from tests.e2e.hotline_process import HotlineProcess


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo city in its database."""
    made = HotlineProcess(tmp_path_factory.mktemp("seed"))
    made.command("migrate")
    made.command("demo")
    return made.data_dir


@pytest.fixture
def hotline(seed: Path, tmp_path: Path) -> Iterator[LivingHotline]:
    """A running hotline; whatever is left of it afterwards is ended."""
    living = LivingHotline(tmp_path / "hotline", media_ports=SIZE.media_ports)
    try:
        living.birth(seed)
        yield living
    finally:
        living.bury()
