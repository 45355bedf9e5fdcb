"""The list of the prompts: a line for each prompt and language, and which are wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ivr.core.prompt_use import Use
from ivr.core.takes import Take, fits
from kernel.language import Language
from kernel.paging import Page


@dataclass(frozen=True, slots=True)
class Rendered:
    """What set-up made of a prompt. `from_studio`: of a file in the studio's folder."""

    seconds: float
    from_studio: bool


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One prompt in one language. `live`: the take in use, heard only while it fits the text;
    `rendered` None: what set-up makes is missing; `candidates`: takes that wait to be used."""

    name: str
    language: Language
    text: str
    rendered: Rendered | None
    live: Take | None
    candidates: int
    uses: tuple[Use, ...]

    @property
    def stale(self) -> bool:
        """The text has changed since the take in use was made."""
        return self.live is not None and not fits(self.live, self.text)

    @property
    def heard(self) -> Take | None:
        """The take that callers hear; None: the rendered sound."""
        return None if self.stale else self.live

    @property
    def missing(self) -> bool:
        """Callers hear nothing."""
        return self.heard is None and self.rendered is None

    @property
    def recorded(self) -> bool:
        """Callers hear a person's voice."""
        return self.heard is not None or (self.rendered is not None and self.rendered.from_studio)

    @property
    def seconds(self) -> float | None:
        """How long callers listen; None for nothing."""
        if self.heard is not None:
            return self.heard.duration_ms / 1000
        return self.rendered.seconds if self.rendered else None


class Only(StrEnum):
    MISSING = "missing"
    SYNTHETIC = "synthetic"
    RECORDED = "recorded"
    STALE = "stale"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines. `flow`: those said there; UNUSED: those said nowhere. Empty means all."""

    text: str = ""
    only: Only | None = None
    flow: str = ""
    language: Language | None = None


UNUSED = "unused"


def select(lines: Iterable[PromptLine], wanted: Wanted) -> list[PromptLine]:
    """In the order they came."""
    return [line for line in lines if _is(line, wanted)]


def _is(line: PromptLine, wanted: Wanted) -> bool:
    sought = wanted.text.casefold().strip()
    return (
        (not sought or sought in line.text.casefold() or sought in line.name)
        and (wanted.only is None or _only(line, wanted.only))
        and (not wanted.flow or _said_in(line, wanted.flow))
        and (wanted.language is None or line.language is wanted.language)
    )


def _only(line: PromptLine, only: Only) -> bool:
    match only:
        case Only.MISSING:
            return line.missing
        case Only.SYNTHETIC:
            return not line.missing and not line.recorded
        case Only.RECORDED:
            return line.recorded
        case Only.STALE:
            return line.stale
        case Only.CANDIDATE:
            return line.candidates > 0


def _said_in(line: PromptLine, flow: str) -> bool:
    if flow == UNUSED:
        return not line.uses
    return any(use.flow == flow for use in line.uses)


def page_of(
    lines: Sequence[PromptLine], cursor: str, size: int
) -> Page[tuple[str, tuple[PromptLine, ...]]]:
    """The lines of `size` prompts together with their names, from the prompt `cursor` on (empty or
    unknown: from the first)."""
    grouped: dict[str, list[PromptLine]] = {}
    for line in lines:
        grouped.setdefault(line.name, []).append(line)
    names = list(grouped)
    first = names.index(cursor) if cursor in grouped else 0
    shown = names[first : first + size]
    after = names[first + size] if first + size < len(names) else None
    return Page(tuple((name, tuple(grouped[name])) for name in shown), after)
