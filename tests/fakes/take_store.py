"""Studio takes, their sounds and the studio itself, in memory (ports `ivr.ports`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ivr.core.catalogue import PromptCatalogue
from ivr.core.prompt_lines import Rendered
from ivr.core.prompt_use import Use
from ivr.core.studio import Bounds, Container, Form, Measured, Objection, Refused
from ivr.core.takes import Take, TakeState
from ivr.ports import PromptSounds, Studio, StudioSound, TakeStore
from ivr.prompts import Prompts
from kernel.errors import Conflict
from kernel.language import Language
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.clock import SetClock
from tests.fakes.log import KeptLog

Key = tuple[Language, str, int]


class DictTakeStore:
    """Fills `ivr.ports.TakeStore`."""

    def __init__(self) -> None:
        self.kept: dict[Key, Take] = {}
        self.sounds: dict[str, bytes] = {}

    async def add(self, take: Take, wav: bytes) -> Take:
        self.sounds.setdefault(take.sha256, wav)
        number = 1 + max((t.number for t in self.kept.values() if t.key == take.key), default=0)
        made = replace(take, number=number)
        self.kept[(*made.key, number)] = made
        return made

    async def take(self, language: Language, name: str, number: int) -> Take | None:
        return self.kept.get((language, name, number))

    async def takes(self, language: Language, name: str, limit: int) -> list[Take]:
        own = [t for t in self.kept.values() if t.key == (language, name)]
        return sorted(own, key=lambda t: -t.number)[:limit]

    async def present(self) -> list[Take]:
        states = (TakeState.LIVE, TakeState.CANDIDATE)
        found = [t for t in self.kept.values() if t.state in states]
        return sorted(found, key=lambda t: (t.name, t.language.value, t.number))

    async def sound(self, take: Take) -> bytes | None:
        return self.sounds.get(take.sha256)

    async def move(self, changed: Sequence[Take], current: int | None) -> None:
        own = [t for t in self.kept.values() if t.key == changed[0].key]
        if next((t.number for t in own if t.state is TakeState.LIVE), None) != current:
            raise Conflict("这段提示音刚被别人更换过，请刷新后再操作")
        for take in changed:
            old = self.kept[(*take.key, take.number)]
            self.kept[(*take.key, take.number)] = replace(
                old,
                state=take.state,
                text=take.text,
                used_by=take.used_by,
                used_at=take.used_at,
                replaces=take.replaces,
            )


class DictSounds:
    """Fills `ivr.ports.PromptSounds`. `full`: nothing can be written any more."""

    def __init__(self, rendered: Mapping[tuple[Language, str], Rendered]) -> None:
        self.made = dict(rendered)
        self.written: dict[str, bytes] = {}
        self.full = False

    def rendered_place(self, language: Language, name: str) -> str:
        return f"/rendered/{language.value}/{name}"

    def take_place(self, take: Take) -> str:
        return f"/takes/{take.language.value}/{take.name}-{take.number}"

    async def rendered(self) -> Mapping[tuple[Language, str], Rendered]:
        return self.made

    async def rendered_file(self, language: Language, name: str) -> Path | None:
        there = (language, name) in self.made
        return Path(f"{self.rendered_place(language, name)}.wav") if there else None

    async def take_file(self, take: Take) -> Path | None:
        place = self.take_place(take)
        return Path(f"{place}.wav") if place in self.written else None

    async def put(self, take: Take, wav: bytes) -> None:
        if self.full:
            raise OSError("no space left on device")
        self.written.setdefault(self.take_place(take), wav)


class ScriptedStudio:
    """Fills `ivr.ports.Studio`: the file's content is its sound; `refused:why` is refused."""

    def __init__(self) -> None:
        self.asked: list[Bounds] = []

    async def take_in(self, upload: Path, allowed: Bounds) -> StudioSound:
        self.asked.append(allowed)
        body = upload.read_bytes()
        if body.startswith(b"refused:"):
            raise Refused(Objection(body.decode().partition(":")[2]))
        return StudioSound(
            form=Form(Container.FLAC, 48000, 2, 96000),
            measured=Measured(2.0, -23.0, 0.0, 0.0, 0.2),
            wav=b"wav of " + body,
        )


class PromptRoom:
    """The service of the prompts with all around it held in memory, but for what is given."""

    def __init__(
        self,
        catalogue: PromptCatalogue,
        *,
        store: TakeStore | None = None,
        sounds: PromptSounds | None = None,
        studio: Studio | None = None,
        uses: Mapping[str, tuple[Use, ...]] | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.store = store or DictTakeStore()
        self.rendered = {
            (language, name): Rendered(1.5, from_studio=False)
            for name, texts in catalogue.texts.items()
            for language in texts
        }
        self.sounds = sounds or DictSounds(self.rendered)
        self.studio = studio or ScriptedStudio()
        self.uses = uses or {}
        self.audit = KeptAudit()
        self.clock = SetClock()
        self.log = KeptLog()
        self.prompts = self.begin()

    def begin(self, catalogue: PromptCatalogue | None = None) -> Prompts:
        """As a new run of the platform would, with a catalogue that may have changed."""
        self.prompts = Prompts(
            catalogue=catalogue or self.catalogue,
            uses=lambda: self.uses,
            store=self.store,
            studio=self.studio,
            sounds=self.sounds,
            audit=self.audit,
            clock=self.clock,
            log=self.log,
        )
        return self.prompts
