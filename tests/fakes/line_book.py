"""The old lines, from a dictionary (port `ivr.ports.LineBook`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.ids import TeamId


@dataclass(frozen=True, slots=True)
class OldLine:
    name: str
    team: TeamId


class DictLineBook:
    def __init__(self, lines: Mapping[str, OldLine] | None = None) -> None:
        self._lines = lines or {}

    def line(self, dnis: str) -> OldLine | None:
        return self._lines.get(dnis)
