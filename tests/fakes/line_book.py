"""The old lines, from a dictionary (port `ivr.ports.LineBook`)."""

from __future__ import annotations

from ivr.ports import LineEntry


class DictLineBook:
    def __init__(self, lines: dict[str, LineEntry] | None = None) -> None:
        self._lines = lines or {}

    def line(self, dnis: str) -> LineEntry | None:
        return self._lines.get(dnis)
