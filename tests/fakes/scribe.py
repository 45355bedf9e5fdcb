"""A scribe in a test's hand (port `recordings.ports.Scribe`)."""

from __future__ import annotations

from pathlib import Path

from kernel.language import Language
from recordings.core.transcript import Utterance

Outcome = list[Utterance] | Exception


class HandScribe:
    """Gives the outcomes it was given, in order, then the last one again and again. `looks`: how
    often it was asked whether it is ready."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.able = frozenset({Language.MANDARIN})
        self.awake = self.able
        self.looks = 0
        self.asked: list[tuple[Language, str, float]] = []

    def installed(self) -> frozenset[Language]:
        return self.able

    def ready(self) -> frozenset[Language]:
        self.looks += 1
        return self.able & self.awake

    async def write_down(self, language: Language, file: Path, from_s: float) -> list[Utterance]:
        self.asked.append((language, file.name, from_s))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
