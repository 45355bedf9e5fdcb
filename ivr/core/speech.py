"""The room for speech: words for a recogniser that listens to the caller.

No recogniser is installed yet; the hotline runs on keys and says so in `/healthz`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SpeechState(StrEnum):
    NOT_INSTALLED = "not_installed"  # no model: callers use keys, nothing is wrong
    READY = "ready"
    FAILED = "failed"  # a model is there and cannot be used: callers use keys


@dataclass(frozen=True, slots=True)
class SpeechHealth:
    """`reason` is a sentence for the operator of the system, empty when ready."""

    state: SpeechState
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A finished utterance. `text` without spaces; empty when only noise was heard, which is
    normal and no answer. `confidence_fraction` is 0..1, the least sure word counting."""

    text: str
    confidence_fraction: float


NO_RECOGNISER = SpeechHealth(
    SpeechState.NOT_INSTALLED, "no recogniser is installed; callers use keys"
)
"""What `/healthz` says of speech until a recogniser fills `ivr.ports.Recogniser`."""
