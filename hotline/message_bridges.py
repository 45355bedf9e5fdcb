"""Where the words of messages pass between departments: the recogniser writes them down for the
recordings, and the recordings show them with the task that the message became."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from callbacks.core.task import Task
from callbacks.ports import MessageText, Spoken
from kernel.ids import CallId
from kernel.language import Language
from recordings.core.message import TEXTLESS, Shown
from recordings.core.transcript import Utterance, utterance
from recordings.messages import MessageWords
from recordings.ports import ScribeBusy, ScribeFailed
from speech.messages import BrokeOff, MessageScribe

LIST = "callbacks"


class RecogniserScribe:
    """Fills `recordings.ports.Scribe` with the workers that listen to callers."""

    def __init__(self, speech: MessageScribe) -> None:
        self._speech = speech

    def installed(self) -> frozenset[Language]:
        return self._speech.installed()

    def ready(self) -> frozenset[Language]:
        return self._speech.ready()

    async def write_down(self, language: Language, file: Path, from_s: float) -> list[Utterance]:
        try:
            said = await self._speech.write_down(language, file, from_s)
        except BrokeOff as error:
            raise ScribeFailed(str(error)) from error
        if said is None:
            raise ScribeBusy
        kept = (
            utterance(
                side=s.side,
                text=s.text,
                confidence_fraction=s.confidence_fraction,
                from_s=s.from_s,
                to_s=s.to_s,
            )
            for s in said
        )
        return [one for one in kept if one is not None]


class TaskMessages:
    """Fills `callbacks.ports.Messages` from the recordings."""

    def __init__(self, words: MessageWords) -> None:
        self._words = words

    async def text(self, account: str, task: Task) -> MessageText:
        found = await self._words.text(account, task.last_call_id, task.language, task.team)
        return MessageText(
            sentences=[_spoken(said) for said in found.words],
            instead=TEXTLESS.get(found.shown, ""),
            has_sound=found.shown is not Shown.NO_SOUND,
        )

    async def beginnings(self, account: str, calls: Collection[CallId]) -> Mapping[CallId, Spoken]:
        found = await self._words.beginnings(account, list(calls), LIST)
        return {call_id: _spoken(said) for call_id, said in found.items()}


def _spoken(said: Utterance) -> Spoken:
    return Spoken(said.from_s, said.text, said.doubtful)
