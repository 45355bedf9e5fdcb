"""A recogniser whose words are believed only of what can be speech."""

from __future__ import annotations

from speech.core.result import NOTHING, Utterance
from speech.core.samples import telephone_samples
from speech.core.tones import Listener, Sound
from speech.ports import Recogniser, Recognisers


class DoubtingRecogniser:
    """Fills `speech.ports.Recogniser` with another one. What was heard in a tone, or in a sound
    that never changes, is nothing said."""

    def __init__(self, inner: Recogniser) -> None:
        self._inner = inner
        self._listener = Listener()

    def accept(self, audio: bytes) -> Utterance | None:
        self._listener.take(telephone_samples(audio))
        ended = self._inner.accept(audio)
        return None if ended is None else self._ended(ended)

    def partial(self) -> Utterance:
        return self._believed(self._inner.partial())

    def final(self) -> Utterance:
        return self._ended(self._inner.final())

    def _ended(self, utterance: Utterance) -> Utterance:
        believed = self._believed(utterance)
        self._listener.forget()
        return believed

    def _believed(self, utterance: Utterance) -> Utterance:
        if utterance.spoken and self._listener.sound() is not Sound.PERHAPS_SPEECH:
            return NOTHING
        return utterance


class DoubtingRecognisers:
    """Fills `speech.ports.Recognisers` with those of another."""

    def __init__(self, inner: Recognisers) -> None:
        self._inner = inner

    def new(self) -> DoubtingRecogniser:
        return DoubtingRecogniser(self._inner.new())
