"""The prompts as callers hear them: rendered, or a studio take; which is which, and how it changes.

What a call is told to play is answered from memory, and changed in one assignment after every
file is in its place: the next phrase that anybody hears is the new one, a phrase that is being
heard goes on to its end. The takes and their sounds are in the database; the files are made from
it, at a start for what is live and missing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ivr.core.catalogue import PromptCatalogue
from ivr.core.prompt_lines import PromptLine, Rendered
from ivr.core.prompt_use import Use, use_outside
from ivr.core.studio import bounds
from ivr.core.takes import Take, TakeEvent, TakeState, confirm, fits, moved, undo, use
from ivr.ports import Log, PromptSounds, Studio, TakeStore
from kernel.audit import AuditTrail
from kernel.clock import Clock
from kernel.errors import Conflict, NotFound
from kernel.language import Language
from kernel.telephony import Prompt

LISTED = 50
Key = tuple[Language, str]


class Prompts:
    def __init__(
        self,
        *,
        catalogue: PromptCatalogue,
        uses: Callable[[], Mapping[str, tuple[Use, ...]]],
        store: TakeStore,
        studio: Studio,
        sounds: PromptSounds,
        audit: AuditTrail,
        clock: Clock,
        log: Log,
    ) -> None:
        self._catalogue = catalogue
        self._uses = uses
        self._store = store
        self._studio = studio
        self._sounds = sounds
        self._audit = audit
        self._clock = clock
        self._log = log
        self._heard: dict[Key, str] = {}
        self._turn = asyncio.Lock()

    # --- what callers hear ------------------------------------------------------------------

    async def start(self) -> None:
        """Put the live takes where Asterisk finds them. One that cannot be put there, or whose text
        has changed, is not heard: the synthetic voice is."""
        for take in await self._store.present():
            if take.state is not TakeState.LIVE:
                continue
            if not self._fits(take):
                self._log.warning("take_out_of_date", prompt=take.name, language=take.language)
                continue
            try:
                await self._put(take)
            except (OSError, NotFound) as error:
                self._log.warning("take_not_put", prompt=take.name, reason=str(error))
            else:
                self._heard[take.key] = self._sounds.take_place(take)

    def place(self, prompt: Prompt) -> str:
        """The path, without an ending, of what is played for `prompt`."""
        found = self._heard.get((prompt.language, prompt.name))
        return found or self._sounds.rendered_place(prompt.language, prompt.name)

    # --- what the pages show ----------------------------------------------------------------

    async def lines(self) -> list[PromptLine]:
        """Every prompt in every language, in the order of the catalogue."""
        rendered = await self._sounds.rendered()
        used = self._uses()
        present: dict[Key, list[Take]] = {}
        for take in await self._store.present():
            present.setdefault(take.key, []).append(take)
        return [
            self._line((language, name), rendered, present.get((language, name), ()), used)
            for name, texts in self._catalogue.texts.items()
            for language in texts
        ]

    async def line(self, language: Language, name: str) -> PromptLine:
        """Raises NotFound."""
        self._demand(language, name)
        own = [take for take in await self._store.present() if take.key == (language, name)]
        return self._line((language, name), await self._sounds.rendered(), own, self._uses())

    async def takes(self, language: Language, name: str) -> list[Take]:
        """The last 50, newest first. Raises NotFound."""
        self._demand(language, name)
        return await self._store.takes(language, name, LISTED)

    async def file(self, language: Language, name: str, number: int | None) -> Path:
        """The WAV of a take, or of the rendered prompt. Raises NotFound."""
        self._demand(language, name)
        if number is None:
            found = await self._sounds.rendered_file(language, name)
        else:
            take = await self._take(language, name, number)
            await self._put(take)
            found = await self._sounds.take_file(take)
        if found is None:
            raise NotFound("没有这段声音")
        return found

    # --- what people change -----------------------------------------------------------------

    async def upload(self, language: Language, name: str, upload: Path, who: str) -> Take:
        """Take a recording in as a candidate; callers hear nothing of it yet.

        Raises:
            Refused: it cannot be used, with everything that is wrong.
            NotFound: there is no such prompt.
            Unavailable: it took too long, or cannot be recorded.
        """
        text = self._demand(language, name)
        rendered = (await self._sounds.rendered()).get((language, name))
        allowed = bounds(text, language, rendered.seconds if rendered else None)
        made = await self._studio.take_in(upload, allowed)
        level = made.measured.level_dbfs
        take = Take(
            name=name,
            language=language,
            number=0,
            state=TakeState.CANDIDATE,
            text=text,
            sha256=hashlib.sha256(made.wav).hexdigest(),
            source_sha256=await asyncio.to_thread(_digest, upload),
            container=made.form.container,
            rate=made.form.rate,
            channels=made.form.channels,
            level_dbfs=0.0 if level is None else level,
            duration_ms=round(1000 * made.measured.seconds),
            uploaded_by=who,
            uploaded_at=self._clock.now(),
        )
        await self._record(who, "prompt_take_uploaded", take, {"digest": take.source_sha256})
        return await self._store.add(take, made.wav)

    async def use(
        self, language: Language, name: str, number: int, current: int | None, who: str
    ) -> None:
        """Let callers hear this take from now on. `current`: the number that whoever asks has seen
        as live.

        Raises:
            NotFound: there is no such prompt or take.
            Conflict: another one has become live meanwhile.
            InvalidTransition: it is live, or was discarded.
        """
        text = self._demand(language, name)
        async with self._turn:
            take = await self._take(language, name, number)
            present = await self._seen(language, name, current)
            changed = use(take, present, text, who, self._clock.now())
            await self._put(take)
            await self._switch("prompt_take_used", changed, present, who)

    async def undo(self, language: Language, name: str, current: int, who: str) -> None:
        """Back to what the live take replaced. Raises as `use`."""
        self._demand(language, name)
        async with self._turn:
            present = await self._seen(language, name, current)
            if present is None:
                raise Conflict("现在用的就是合成语音，没有录音可以撤下")
            before = None
            if present.replaces is not None:
                before = await self._take(language, name, present.replaces)
                await self._put(before)
            changed = undo(present, before, who, self._clock.now())
            await self._switch("prompt_take_withdrawn", changed, present, who)

    async def synthetic(self, language: Language, name: str, current: int, who: str) -> None:
        """Back to the synthetic voice at once. Raises as `use`."""
        self._demand(language, name)
        async with self._turn:
            present = await self._seen(language, name, current)
            if present is None:
                raise Conflict("现在用的就是合成语音，没有录音可以撤下")
            changed = undo(present, None, who, self._clock.now())
            await self._switch("prompt_take_withdrawn", changed, present, who)

    async def confirm(self, language: Language, name: str, current: int, who: str) -> None:
        """The live take fits the text as it is by now, says whoever asks. Raises as `use`."""
        text = self._demand(language, name)
        async with self._turn:
            present = await self._seen(language, name, current)
            if present is None:
                raise Conflict("这段提示音刚被别人更换过，请刷新后再操作")
            kept = confirm(present, text, who, self._clock.now())
            await self._put(kept)
            await self._switch("prompt_take_confirmed", (kept,), present, who)

    async def discard(self, language: Language, name: str, number: int, who: str) -> None:
        """A candidate will not be used. Raises as `use`."""
        self._demand(language, name)
        async with self._turn:
            gone = moved(await self._take(language, name, number), TakeEvent.DISCARD)
            present = await self._live(language, name)
            await self._record(who, "prompt_take_discarded", gone)
            await self._store.move((gone,), present.number if present else None)

    # --- how --------------------------------------------------------------------------------

    async def _switch(
        self, action: str, changed: Sequence[Take], present: Take | None, who: str
    ) -> None:
        """On record first, then in the database, then in callers' ears."""
        old = present.number if present else None
        await self._record(who, action, changed[0], {"replaced": old})
        await self._store.move(changed, old)
        live = next((t for t in changed if t.state is TakeState.LIVE), None)
        if live is not None and self._fits(live):
            self._heard[live.key] = self._sounds.take_place(live)
        else:
            self._heard.pop(changed[0].key, None)
        self._log.info("prompt_switched", prompt=changed[0].name, language=changed[0].language)

    async def _put(self, take: Take) -> None:
        if await self._sounds.take_file(take) is None:
            wav = await self._store.sound(take)
            if wav is None:
                raise NotFound("没有这段声音")
            await self._sounds.put(take, wav)

    async def _take(self, language: Language, name: str, number: int) -> Take:
        found = await self._store.take(language, name, number)
        if found is None:
            raise NotFound("没有这段录音")
        return found

    async def _live(self, language: Language, name: str) -> Take | None:
        takes = await self._store.present()
        wanted = (language, name)
        return next((t for t in takes if t.key == wanted and t.state is TakeState.LIVE), None)

    async def _seen(self, language: Language, name: str, current: int | None) -> Take | None:
        present = await self._live(language, name)
        if (present.number if present else None) != current:
            raise Conflict("这段提示音刚被别人更换过，请刷新后再操作")
        return present

    async def _record(
        self,
        who: str,
        action: str,
        take: Take,
        detail: Mapping[str, str | int | None] | None = None,
    ) -> None:
        object_id = f"{take.language.value}/{take.name}"
        if take.number:
            object_id += f"@{take.number}"
        await self._audit.record(who=who, action=action, object_id=object_id, detail=detail)

    def _demand(self, language: Language, name: str) -> str:
        """The text. Raises NotFound."""
        if language not in self._catalogue.languages(name):
            raise NotFound("没有这段提示音")
        return self._catalogue.text(name, language)

    def _fits(self, take: Take) -> bool:
        known = take.language in self._catalogue.languages(take.name)
        return known and fits(take, self._catalogue.text(take.name, take.language))

    def _line(
        self,
        key: Key,
        rendered: Mapping[Key, Rendered],
        own: Sequence[Take],
        used: Mapping[str, tuple[Use, ...]],
    ) -> PromptLine:
        language, name = key
        return PromptLine(
            name=name,
            language=language,
            text=self._catalogue.text(name, language),
            rendered=rendered.get(key),
            live=next((t for t in own if t.state is TakeState.LIVE), None),
            candidates=sum(t.state is TakeState.CANDIDATE for t in own),
            uses=used.get(name, ()) + use_outside(name),
        )


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
