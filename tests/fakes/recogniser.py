"""A recogniser that hears one word whenever there is sound, and fails when told to."""

from __future__ import annotations

from array import array

from speech.core.result import NOTHING, Utterance
from speech.ports import RecogniserFailed

LOUD = 500
QUIET_BYTES = 16_000
"""Half a second at 16 kHz ends an utterance."""


class LoudnessRecogniser:
    """Fills `speech.ports.Recogniser`."""

    def __init__(self, word: str) -> None:
        self._heard = Utterance(word, 1.0, True)
        self._talking = False
        self._quiet = 0
        self.fault: str | None = None

    def accept(self, audio: bytes) -> Utterance | None:
        if self.fault is not None:
            raise RecogniserFailed(self.fault)
        samples = array("h", audio[: len(audio) // 2 * 2])
        if samples and max(abs(s) for s in samples) > LOUD:
            self._talking, self._quiet = True, 0
            return None
        self._quiet += len(audio)
        if self._talking and self._quiet >= QUIET_BYTES:
            return self.final()
        return None

    def partial(self) -> Utterance:
        return self._heard if self._talking else NOTHING

    def final(self) -> Utterance:
        talked, self._talking, self._quiet = self._talking, False, 0
        return self._heard if talked else NOTHING


class LoudnessRecognisers:
    """Fills `speech.ports.Recognisers`."""

    def __init__(self, word: str = "社保") -> None:
        self._word = word
        self.made: list[LoudnessRecogniser] = []

    def new(self) -> LoudnessRecogniser:
        self.made.append(LoudnessRecogniser(self._word))
        return self.made[-1]
