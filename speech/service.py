"""Decides when: which callers are listened to by which worker, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from kernel.clock import Clock
from kernel.errors import ConfigurationError
from kernel.ids import CallId
from kernel.language import Language
from kernel.telephony import (
    CallerInput,
    CallHungUp,
    InputKind,
    LineLost,
    Listen,
    TelephonyFact,
)
from speech.core import wire
from speech.core.capacity import streams
from speech.core.files import Place, in_folder, prompt_files
from speech.core.listening import Deaf, Heard, Keyed, Outcome, Silent
from speech.core.wire import Expect, Follow, Followed, Read, Result, Said
from speech.keeper import WorkerKeeper
from speech.ports import Installed, Log, ModelShelf, NewKey, WorkerStarter

LONGEST_UTTERANCE_S = 12.0
TOLD_WITHIN_S = 0.5
"""A result is sent before the caller's audio is let go, so it is there when it is asked for; this
is how long a worker that died in between is waited for."""
LOOK_EVERY_S = 5.0

Tell = Callable[[Said | Followed], None]
StarterOf = Callable[[Installed, int], WorkerStarter]
"""The starter of a model's worker for so many streams."""


class State(StrEnum):
    NOT_INSTALLED = "not_installed"  # no model: callers use keys, nothing is wrong
    READY = "ready"
    FAILED = "failed"  # a model is there and cannot be used at present: callers use keys


@dataclass(frozen=True, slots=True)
class Health:
    """`reason` is a sentence for whoever runs the system."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Ear:
    """Where a caller's audio is to be sent, and under which name."""

    key: str
    port: int


@dataclass(frozen=True, slots=True)
class _Open:
    ear: str
    keeper: WorkerKeeper
    result: asyncio.Future[Outcome]


class Hearing:
    """Fills `cti.ports.Ears` and `ivr.ports.Ears`."""

    def __init__(
        self,
        *,
        shelf: ModelShelf,
        starter: StarterOf,
        cores: int,
        prompts_dir: Path,
        new_key: NewKey,
        clock: Clock,
        log: Log,
        hindrance: str = "",
        place: Place | None = None,
    ) -> None:
        """`hindrance`: why nobody can be listened to whatever is installed; nothing is started.
        `place` tells where each prompt is; None: in `prompts_dir`."""
        self._hindrance = hindrance
        self._shelf = shelf
        self._starter = starter
        self._cores = cores
        self._place = place or in_folder(prompts_dir)
        self._new_key = new_key
        self._clock = clock
        self._log = log
        self._edition = ""
        self._fault = ""
        self._keepers: dict[str, tuple[Installed, WorkerKeeper]] = {}
        self._by_language: dict[Language, WorkerKeeper] = {}
        self._open: dict[CallId, _Open] = {}
        self._results: dict[str, asyncio.Future[Outcome]] = {}
        self._recordings: dict[str, tuple[WorkerKeeper, Tell]] = {}
        self._watch: asyncio.Task[None] | None = None

    # --- from memory ------------------------------------------------------------------------

    def listens(self, language: Language) -> bool:
        """Whether a caller of this language can be listened to now."""
        keeper = self._by_language.get(language)
        return keeper is not None and keeper.has_room

    def calls(self) -> int:
        """How many callers are being listened to."""
        return len(self._open)

    def pids(self) -> dict[str, int]:
        """The process of each model's worker, as far as one lives."""
        keepers = [keeper for _, keeper in self._keepers.values()]
        return {k.model: k.pid for k in keepers if k.pid is not None}

    def health(self) -> Health:
        if self._hindrance:
            return Health(State.NOT_INSTALLED, self._hindrance)
        if self._fault:
            return Health(State.FAILED, self._fault)
        if not self._keepers:
            return Health(
                State.NOT_INSTALLED,
                "no model is installed (hotline speech install); callers use keys",
            )
        keepers = [keeper for _, keeper in self._keepers.values()]
        failed = [f"{k.model}: {k.reason}" for k in keepers if not k.ready]
        if failed:
            return Health(State.FAILED, "; ".join(failed) + "; callers use keys")
        return Health(State.READY, self._who_is_heard())

    def _who_is_heard(self) -> str:
        heard = [
            f"{language.value} ({self._by_language[language].model})"
            for language in Language
            if language in self._by_language
        ]
        on_keys = [each.value for each in Language if each not in self._by_language]
        told = ", ".join(heard)
        return f"{told}; {', '.join(on_keys)}: keys" if on_keys else told

    # --- one caller -------------------------------------------------------------------------

    def open(self, call_id: CallId, listen: Listen) -> Ear | None:
        """Let a worker expect this caller's audio; None when nobody can listen."""
        self._forget(call_id)
        keeper = self._by_language.get(listen.language)
        files = prompt_files(listen.prompts, self._place)
        if keeper is None:
            return None
        order = Expect(
            ear=self._new_key(),
            files=files,
            max_digits=max(1, min(listen.max_digits, 32)),
            timeout_s=max(0.1, min(listen.timeout.total_seconds(), 60.0)),
            longest_s=LONGEST_UTTERANCE_S,
        )
        port = keeper.expect(order)
        if port is None:
            return None
        result: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._results[order.ear] = result
        self._open[call_id] = _Open(order.ear, keeper, result)
        return Ear(order.ear, port)

    def close(self, call_id: CallId) -> None:
        """The audio expected of this caller, if any, will not come."""
        self._forget(call_id)

    async def heard(self, call_id: CallId) -> CallerInput:
        """What came of it: asked once, after the audio has ended. Never raises."""
        opened = self._open.get(call_id)
        outcome: Outcome = Deaf("nothing was listened to")
        if opened is not None:
            await asyncio.wait({opened.result}, timeout=TOLD_WITHIN_S)
            done = opened.result.done() and not opened.result.cancelled()
            outcome = opened.result.result() if done else Deaf("its worker does not tell")
            if self._open.get(call_id) is opened:
                self._forget(call_id)
        if isinstance(outcome, Deaf):
            self._log.warning("caller_not_heard", call_id=call_id, reason=outcome.reason)
        return self._said(outcome)

    def on_fact(self, fact: TelephonyFact) -> None:
        """Whoever hangs up is listened to no more."""
        match fact:
            case CallHungUp(call_id=call_id):
                self._forget(call_id)
            case LineLost():
                # Their end may come unseen; a worker lets go by itself in good time.
                for call_id in list(self._open):
                    if self._open[call_id].result.done():
                        self._forget(call_id)

    def _forget(self, call_id: CallId) -> None:
        opened = self._open.pop(call_id, None)
        if opened is not None:
            self._results.pop(opened.ear, None)
            opened.result.cancel()
            opened.keeper.forget(opened.ear)

    def _told(self, told: Result) -> None:
        result = self._results.get(told.ear)
        if result is not None and not result.done():
            result.set_result(wire.outcome(told))

    def _said(self, outcome: Outcome) -> CallerInput:
        now = self._clock.now()
        match outcome:
            case Heard(text=text, confidence_fraction=sure):
                return CallerInput(InputKind.HEARD, "", now, text, sure)
            case Keyed(digits=digits):
                return CallerInput(InputKind.DIGITS, digits, now)
            case Silent():
                return CallerInput(InputKind.SILENCE, "", now)
            case Deaf():
                return CallerInput(InputKind.DEAF, "", now)
            case _:
                assert_never(outcome)

    # --- conversations ------------------------------------------------------------------------

    def follow(self, language: Language, file: Path, tell: Tell) -> str | None:
        """Have a growing recording written down: `tell` gets what is said, and once `Followed`. The
        name to complete it by; None when nobody can."""
        keeper = self._by_language.get(language)
        order = Follow(self._new_key(), str(file))
        if keeper is None or not keeper.follow(order):
            return None
        self._recordings[order.ear] = (keeper, tell)
        return order.ear

    def complete(self, ear: str) -> None:
        """The recording does not grow any more; what is left of it is still told."""
        if ear in self._recordings:
            self._recordings[ear][0].complete(ear)

    # --- messages -----------------------------------------------------------------------------

    def installed(self) -> frozenset[Language]:
        """Languages that a model is installed for, whether its worker listens now or not."""
        return frozenset(self._by_language)

    def ready(self) -> frozenset[Language]:
        """Languages whose worker listens now."""
        return frozenset(lang for lang, keeper in self._by_language.items() if keeper.ready)

    def read(self, language: Language, file: Path, from_s: float, tell: Tell) -> str | None:
        """Have what the caller says in an archived recording written down, as by `follow`; None
        when nobody can now."""
        keeper = self._by_language.get(language)
        order = Read(self._new_key(), str(file), from_s)
        if keeper is None or not keeper.read(order):
            return None
        self._recordings[order.ear] = (keeper, tell)
        return order.ear

    def _followed(self, told: Said | Followed) -> None:
        found = self._recordings.get(told.ear)
        if isinstance(told, Followed):
            self._recordings.pop(told.ear, None)
        if found is not None:
            found[1](told)

    # --- the models ---------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the workers of what is installed; what is installed later is found by itself."""
        if self._hindrance:
            return
        await self._look()
        self._watch = asyncio.get_running_loop().create_task(self._keep_looking(), name="speech")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        for _, keeper in self._keepers.values():
            await keeper.stop()

    async def wait_ready(self) -> None:
        """Until every installed model listens."""
        for _, keeper in list(self._keepers.values()):
            await keeper.wait_ready()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        edition = await asyncio.to_thread(self._shelf.edition)
        if edition == self._edition:
            return
        self._edition = edition
        try:
            models = await asyncio.to_thread(self._shelf.models)
        except ConfigurationError as error:
            self._fault = error.message
            self._log.error("speech_shelf_damaged", reason=error.message)
            return
        self._fault = ""
        await self._take(models)

    async def _take(self, models: tuple[Installed, ...]) -> None:
        """Workers of models that stay as they are go on."""
        # One whose languages all belong to others by now has nobody to listen to.
        wanted = {model.name: model for model in models if model.languages}
        for name, (model, keeper) in list(self._keepers.items()):
            if wanted.get(name) != model:
                del self._keepers[name]
                self._by_language = {
                    language: other
                    for language, other in self._by_language.items()
                    if other is not keeper
                }
                await keeper.stop()
        for name, model in wanted.items():
            if name not in self._keepers:
                keeper = self._keeper(model)
                self._keepers[name] = (model, keeper)
                await keeper.start()
        self._by_language = {
            language: keeper
            for model, keeper in self._keepers.values()
            for language in model.languages
        }

    def _keeper(self, model: Installed) -> WorkerKeeper:
        most = streams(model.load_fraction, self._cores)
        return WorkerKeeper(
            model.name, self._starter(model, most), most, self._told, self._followed, self._log
        )
