"""One listening of one caller: phrases, a word or a key, an end. Pure.

`step(state, event, now) -> (state, effects)`; `deadline(state)` tells when `Due` is to come. Times
are seconds of any clock that only goes forward.

Theory of operation. While the phrases are spoken, a word that is understood or a key stops them.
From then on, or from their end, the caller is listened to: the end of an utterance ends it, a
caller who says nothing for `timeout_s` was silent, one who talks for `longest_s` is cut off and
what was understood so far counts, but is never sure: a sentence has an end, music has none. A key
means keys: what is said besides is not heard any more.
Noise that the recogniser takes back is nothing, and gives no more time: a listening is over
`timeout_s + longest_s + 2` s after the phrases, whatever is heard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from speech.core.result import Utterance

LAST_KEY = "#"
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Terms:
    """`timeout_s` after the last phrase, or between keys; `longest_s` of one utterance."""

    max_digits: int
    timeout_s: float
    longest_s: float


# --- what came of it ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance ended. Empty `text`: something was said and no word of it was understood."""

    text: str
    confidence_fraction: float


@dataclass(frozen=True, slots=True)
class Keyed:
    digits: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Neither a word nor a key in time."""


@dataclass(frozen=True, slots=True)
class Deaf:
    """The recogniser failed."""

    reason: str


Outcome = Heard | Keyed | Silent | Deaf

# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PhrasesEnded:
    pass


@dataclass(frozen=True, slots=True)
class Partial:
    """An utterance goes on."""

    so_far: Utterance


@dataclass(frozen=True, slots=True)
class Ended:
    """An utterance ended, perhaps an empty one."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Key:
    digit: str


@dataclass(frozen=True, slots=True)
class Due:
    """The deadline has come."""


@dataclass(frozen=True, slots=True)
class Failed:
    reason: str


Event = PhrasesEnded | Partial | Ended | Key | Due | Failed

# --- effects --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StopPhrases:
    pass


@dataclass(frozen=True, slots=True)
class CutOff:
    """Ask the recogniser for what it has: `Ended` or `Failed` is the answer."""


@dataclass(frozen=True, slots=True)
class Finish:
    outcome: Outcome


Effect = StopPhrases | CutOff | Finish


class Phase(StrEnum):
    PHRASES = "phrases"  # spoken to, listened to
    WAITING = "waiting"  # nothing said yet
    TALKING = "talking"
    CUT_OFF = "cut_off"  # the last word of the recogniser is awaited
    KEYING = "keying"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Listening:
    """`since`: when the phase began; in KEYING, when the last key came; in WAITING, when the
    phrases were over."""

    terms: Terms
    phase: Phase
    since: float
    quiet_at: float = 0.0  # when the phrases were over; of use from then on
    digits: str = ""


Step = tuple[Listening, tuple[Effect, ...]]
CUT_OFF_WITHIN_S = 2.0


def longest_s(terms: Terms) -> float:
    """From the end of the phrases to the end of it all, whatever is heard and pressed."""
    return terms.timeout_s * (1 + terms.max_digits) + terms.longest_s + CUT_OFF_WITHIN_S


def begin(terms: Terms, now: float) -> Listening:
    return Listening(terms, Phase.PHRASES, now)


def deadline(state: Listening) -> float | None:
    """None while the phrases, or nothing at all, decide how long it takes."""
    match state.phase:
        case Phase.PHRASES | Phase.OVER:
            return None
        case Phase.WAITING | Phase.KEYING:
            return state.since + state.terms.timeout_s
        case Phase.TALKING:
            return state.since + state.terms.longest_s
        case Phase.CUT_OFF:
            return state.since + CUT_OFF_WITHIN_S
        case _:
            assert_never(state.phase)


def step(state: Listening, event: Event, now: float) -> Step:
    """The state after `event` and what is to be done. Nothing happens once it is over."""
    if state.phase is Phase.OVER:
        return state, ()
    match event:
        case PhrasesEnded():
            if state.phase is not Phase.PHRASES:
                return state, ()
            return replace(state, phase=Phase.WAITING, since=now, quiet_at=now), ()
        case Partial(so_far=so_far):
            return _partial(state, so_far, now)
        case Ended(utterance=utterance):
            return _ended(state, utterance, now)
        case Key(digit=digit):
            return _key(state, digit, now)
        case Due():
            return _due(state, now)
        case Failed(reason=reason):
            # Keys that are being pressed need no recogniser.
            keying = state.phase is Phase.KEYING
            return (state, ()) if keying else _over(state, Deaf(reason))
        case _:
            assert_never(event)


def _partial(state: Listening, so_far: Utterance, now: float) -> Step:
    match state.phase:
        case Phase.PHRASES if so_far.text:
            # A cough must not stop the phrases: only a word does.
            talking = replace(state, phase=Phase.TALKING, since=now, quiet_at=now)
            return talking, (StopPhrases(),)
        case Phase.WAITING if so_far.spoken:
            return replace(state, phase=Phase.TALKING, since=now), ()
        case _:
            return state, ()


def _ended(state: Listening, utterance: Utterance, now: float) -> Step:
    heard = Heard(utterance.text, utterance.confidence_fraction)
    match state.phase:
        case Phase.KEYING:
            return state, ()
        case Phase.PHRASES:
            return _over(state, heard) if utterance.text else (state, ())
        case Phase.CUT_OFF:
            return _over(state, Heard(utterance.text, 0.0) if utterance.spoken else Silent())
        case _ if utterance.spoken:
            return _over(state, heard)
        case Phase.TALKING:
            # Taken back: it was noise.
            if now >= state.quiet_at + state.terms.timeout_s:
                return _over(state, Silent())
            return replace(state, phase=Phase.WAITING, since=state.quiet_at), ()
        case _:
            return state, ()


def _key(state: Listening, digit: str, now: float) -> Step:
    if digit not in KEYS:
        return state, ()
    if digit == LAST_KEY:
        return _over(state, Keyed(state.digits) if state.digits else Silent())
    digits = state.digits + digit
    if len(digits) >= state.terms.max_digits:
        return _over(state, Keyed(digits))
    stop = (StopPhrases(),) if state.phase is Phase.PHRASES else ()
    return replace(state, phase=Phase.KEYING, since=now, digits=digits), stop


def _due(state: Listening, now: float) -> Step:
    limit = deadline(state)
    if limit is None or now < limit:
        return state, ()
    match state.phase:
        case Phase.WAITING:
            return _over(state, Silent())
        case Phase.KEYING:
            return _over(state, Keyed(state.digits))
        case Phase.TALKING:
            return replace(state, phase=Phase.CUT_OFF, since=now), (CutOff(),)
        case _:
            return _over(state, Deaf("the recogniser does not answer"))


def _over(state: Listening, outcome: Outcome) -> Step:
    stop: tuple[Effect, ...] = (StopPhrases(),) if state.phase is Phase.PHRASES else ()
    return replace(state, phase=Phase.OVER), (*stop, Finish(outcome))
