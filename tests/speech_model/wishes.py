"""Spoken wishes: what voices say to the tiny models, and what the intents must make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ivr.core.intents import IntentTable, Kind, understand
from speech.core.samples import Upsampler, frames
from speech.ports import Recognisers
from tests.speech_model.kit import said
from tests.speech_model.words import CHINESE, ENGLISH, Vocabulary

PIECE = 960
BEFORE, AFTER = bytes(9_600), bytes(28_800)
"""Silence around a sentence: the telephone's 0.6 s and 1.8 s."""
IN_CHINESE = (
    ("社保", "labour"),
    ("户口", "security"),
    ("消费", "consumer"),
    ("消费投诉", "consumer"),
    ("投诉", "general"),
    ("人工", "person"),
    ("我要人工", "person"),
    ("医保", "medical_insurance"),
    ("公积金", "housing_fund"),
    ("城管", "urban"),
    ("噪音", "urban"),
    ("投诉噪音", "urban"),
    ("我要投诉城管", "urban"),
    ("我要查询社保", "social_insurance"),
    ("报警", "emergency_110"),
    ("我要报警", "emergency_110"),
    ("着火", "emergency_119"),
    ("救命", "emergency_110"),
    ("不是社保", ""),
)
IN_ENGLISH = (
    ("social security", "labour"),
    ("complaint", "general"),
    ("operator", "person"),
    ("refund", "consumer"),
    ("noise", "urban"),
    ("noise complaint", "urban"),
    ("refund complaint", "consumer"),
    ("social security complaint", "labour"),
    ("fire", "emergency_119"),
    ("ambulance", "emergency_120"),
    ("yes", ""),
)
MEANT = {CHINESE.name: IN_CHINESE, ENGLISH.name: IN_ENGLISH}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence of one voice: what was recognised, and whether it was understood as meant."""

    voice: str
    sentence: str
    text: str
    understood: bool

    def __str__(self) -> str:
        return f"{self.voice}: {self.sentence} -> {self.text}"


def heard(model: Recognisers, sound: bytes) -> str:
    recogniser, upsample = model.new(), Upsampler()
    ended = [recogniser.accept(upsample(piece)) for piece in frames(sound, PIECE)]
    return "".join(utterance.text for utterance in ended if utterance is not None)


def speak(
    model: Recognisers,
    table: IntentTable,
    variants: Iterable[str],
    known: Vocabulary = CHINESE,
) -> Iterator[Spoken]:
    """Each sentence in each language by each voice. An emergency must not be asked back."""
    for variant in variants:
        for language in known.voices:
            for sentence, wish in MEANT[known.name]:
                text = heard(model, BEFORE + said(sentence, language, variant) + AFTER)
                yield Spoken(f"{language}/{variant}", sentence, text, _as_meant(table, text, wish))


def _as_meant(table: IntentTable, text: str, wish: str) -> bool:
    found = understand(table, text)
    if found.wishes != ((wish,) if wish else ()):
        return False
    return not wish or table.kind(wish) is not Kind.EMERGENCY or found.clear
