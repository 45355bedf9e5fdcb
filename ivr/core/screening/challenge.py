"""What is said to a caller who is asked for a key, or refused, and what follows. Pure.

    asked, refused ──the key (none when the line is full)──▶ goes on
                   ──star──▶ emergency
                   ──1──▶ half of 110? ──10, 19, 20, 22──▶ leaves for it
    asked   ──else, as often as allowed──▶ goes on behind the others, or refused
    refused ──else──▶ is let go

Silence and wrong keys never end in silence: whoever is let go has heard the sentence that says how
to reach help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from zlib import crc32

from kernel.ids import CallId
from kernel.language import Language
from kernel.telephony import Collect, Prompt

REFUSED, LINE_FULL = "screening_refused", "screening_line_full"
EMERGENCY_KEY = "*"
_FIRST_OF_EMERGENCIES = "1"
_EMERGENCIES: Mapping[str, str] = {"10": "110", "19": "119", "20": "120", "22": "122"}
_SECOND_HALF = timedelta(seconds=2)
_ALL = (Language.MANDARIN, Language.CANTONESE, Language.ENGLISH)


def asking(key: str) -> str:
    """The prompt that asks for `key`."""
    return f"screening_press_{key}"


def key_for(call_id: CallId, keys: str) -> str:
    """Another key for each call, not to be foreseen from outside."""
    return keys[crc32(call_id.encode()) % len(keys)]


class Stage(StrEnum):
    ASKED = "asked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Hearing:
    """Where a caller stands. `key` empty: no key leads on, the line is full. `left`: how often the
    key will be asked for. `half`: a 1 was pressed, the rest of 110 may follow."""

    stage: Stage
    key: str
    left: int
    timeout: timedelta
    language: Language | None
    half: bool = False


# --- what follows ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hear:
    """The caller hears something and may press."""

    hearing: Hearing
    collect: Collect


@dataclass(frozen=True, slots=True)
class GoOn:
    """To the dialogue."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """To the emergency numbers' menu."""


@dataclass(frozen=True, slots=True)
class LeaveFor:
    number: str
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The key was not pressed. What becomes of it the guard decides: `refused` or on."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """The sentence has been heard, nothing was pressed."""


Outcome = Hear | GoOn | Emergency | LeaveFor | Failed | LetGo


def ask(key: str, tries: int, timeout: timedelta, language: Language | None) -> Hear:
    """Ask for the key."""
    return _hear(Hearing(Stage.ASKED, key, tries - 1, timeout, language))


def refuse(key: str, timeout: timedelta, language: Language | None) -> Hear:
    """Say why the caller is refused and how to reach help. `key` empty: the line is full."""
    return _hear(Hearing(Stage.REFUSED, key, 0, timeout, language))


def answer(hearing: Hearing, digits: str) -> Outcome:
    """What follows from what was pressed; `digits` empty: nothing."""
    if hearing.half:
        return _after_one(hearing, digits)
    if digits == EMERGENCY_KEY:
        return Emergency()
    if hearing.key and digits == hearing.key:
        return GoOn()
    if digits == _FIRST_OF_EMERGENCIES:
        half = replace(hearing, half=True)
        return Hear(half, Collect((), 2, _SECOND_HALF))
    return _not_pressed(hearing)


def _after_one(hearing: Hearing, digits: str) -> Outcome:
    number = _EMERGENCIES.get(digits)
    if number is not None:
        language = hearing.language or Language.MANDARIN
        return LeaveFor(number, (Prompt(f"going_{number}", language),))
    whole = replace(hearing, half=False)
    return answer(whole, digits) if digits in (EMERGENCY_KEY, hearing.key) else _not_pressed(whole)


def _not_pressed(hearing: Hearing) -> Outcome:
    if hearing.stage is Stage.REFUSED:
        return LetGo()
    if hearing.left > 0:
        return _hear(replace(hearing, left=hearing.left - 1))
    return Failed()


def _hear(hearing: Hearing) -> Hear:
    if hearing.stage is Stage.ASKED:
        name = asking(hearing.key)
    else:
        name = REFUSED if hearing.key else LINE_FULL
    languages = _ALL if hearing.language is None else (hearing.language,)
    prompts = tuple(Prompt(name, language) for language in languages)
    if hearing.stage is Stage.REFUSED and hearing.key:
        prompts += tuple(Prompt(asking(hearing.key), language) for language in languages[:1])
    return Hear(hearing, Collect(prompts, 1, hearing.timeout, fresh=True))
