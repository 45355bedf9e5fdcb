"""A log that keeps its lines."""

from __future__ import annotations


class KeptLog:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        self.lines.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.lines.append(("warning", event, fields))

    def error(self, event: str, **fields: object) -> None:
        self.lines.append(("error", event, fields))

    def exception(self, event: str, **fields: object) -> None:
        self.lines.append(("exception", event, fields))

    @property
    def events(self) -> list[str]:
        return [event for _, event, _ in self.lines]
