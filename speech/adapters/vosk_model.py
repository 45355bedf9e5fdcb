"""vosk: the only module that knows the recogniser's library. Opened in workers and trials only.

The library ends its process for a grammar that is no JSON and for a model without silence phones;
neither comes here: recognition is free, and a model was checked (`speech.core.model`) and tried.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from speech.core import result
from speech.core.result import Utterance
from speech.core.samples import RECOGNISER_RATE
from speech.ports import RecogniserFailed


class VoskModel:
    """Fills `speech.ports.Recognisers`."""

    def __init__(self, folder: Path) -> None:
        """Load the model: 10 ms for a tiny one, seconds for a large. Raises RecogniserFailed."""
        # Imported here: it opens the library, which nobody else needs.
        from vosk import KaldiRecognizer, Model, SetLogLevel

        SetLogLevel(-1)
        try:
            # Only a path: a name or a language would be fetched from the network.
            self._model = Model(str(folder))
        except Exception as error:
            # The library raises no narrower kind.
            raise RecogniserFailed(f"{folder.name}: {error}") from error
        self._recogniser = KaldiRecognizer

    def new(self) -> VoskRecogniser:
        try:
            made = self._recogniser(self._model, RECOGNISER_RATE)
        except Exception as error:
            raise RecogniserFailed(str(error)) from error
        made.SetWords(True)
        return VoskRecogniser(made)


class VoskRecogniser:
    """Fills `speech.ports.Recogniser`. The interpreter runs on while the library works."""

    def __init__(self, kaldi: Any) -> None:
        self._kaldi = kaldi

    def accept(self, audio: bytes) -> Utterance | None:
        with _failing():
            if self._kaldi.AcceptWaveform(audio):
                return result.utterance(self._kaldi.Result())
        return None

    def partial(self) -> Utterance:
        with _failing():
            return result.partial(self._kaldi.PartialResult())

    def final(self) -> Utterance:
        with _failing():
            return result.utterance(self._kaldi.FinalResult())


class _failing:
    """Turns what the library raises, which is plain `Exception`, into RecogniserFailed."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            raise RecogniserFailed(str(error)) from error
