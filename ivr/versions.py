"""What is edited on the screens and used by calls: drafts, publishing, rolling back, switching.

The store knows what was published; this service holds what was made of it (a compiled flow, the
table of intents) in memory, so that a call costs no query, and switches new calls over in one
assignment. Calls that are under way keep what they began with (`ivr.service`).

Others may depend on what is switched: they are asked first whether the new version fits them, and
switch in the same moment. One lock over all of it keeps two publications from passing each other.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ivr.core.versions import Version, VersionState, publish, roll_back
from ivr.ports import Log, VersionStore
from kernel.audit import AuditTrail
from kernel.clock import Clock
from kernel.errors import BadInput, ConfigurationError, Conflict, NotFound

SHIPPED_BY = "system"
BODY_LIMIT = 64_000
NOTE_LIMIT = 200
LISTED = 50

Made = TypeVar("Made")
Switch = Callable[[], None]
"""Puts what was prepared into use; it neither waits nor fails."""


@dataclass(frozen=True, slots=True)
class Text:
    """A body, and what complaints call it."""

    source: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the versions stand on. `turn`: held while anything of a department is switched."""

    store: VersionStore
    digest: Callable[[str], str]
    audit: AuditTrail
    clock: Clock
    log: Log
    turn: asyncio.Lock


class Versions(ABC, Generic[Made]):
    """`KIND` begins the names of events: `flow_published`."""

    KIND: str

    def __init__(self, shelf: Shelf, shipped: Mapping[str, str]) -> None:
        """`shipped`: name -> the text of the file in `config/`."""
        self._shelf = shelf
        self._shipped = shipped
        self._current: dict[str, Made] = {}
        self._texts: dict[str, Text] = {}
        self._made: dict[tuple[str, str, str], Made] = {}
        self._followers: dict[str, list[Callable[[Made], None]]] = {}
        self._dependents: list[Callable[[Made], Awaitable[Switch]]] = []

    @abstractmethod
    async def _checked(self, name: str, text: Text) -> Made:
        """What calls use, made of this text. Raises ConfigurationError."""

    def _basis(self) -> str:
        """What else it is made of: the same text makes the same only on the same basis."""
        return ""

    # --- what calls begin with ------------------------------------------------------------

    async def load(self) -> None:
        """Make what is published, or the shipped text where nothing is yet, or where what is
        published has become unusable (a prompt it needs is gone). Writes nothing.

        Raises ConfigurationError if a shipped text is wrong.
        """
        for name, body in self._shipped.items():
            text = Text(f"{name}.yaml", body)
            made = await self._of_shipped(name, text)
            published = await self._shelf.store.published(name)
            if published is not None:
                try:
                    made, text = await self._of(published), _text(published)
                except ConfigurationError as error:
                    self._shelf.log.warning(
                        f"published_{self.KIND}_unusable", name=name, reason=error.message
                    )
            self._switch(name, made, text)

    async def start(self) -> None:
        """Take a shipped text that is new here in as a version. It is published by itself unless
        somebody has published another than a shipped one, or what is in use does not fit it: then
        it waits as a draft."""
        for name, body in self._shipped.items():
            known = await self._shelf.store.versions(name, LISTED)
            if any(v.digest == self._shelf.digest(body) for v in known):
                continue
            draft = await self._shelf.store.add(self._draft(name, body, "", SHIPPED_BY))
            async with self._shelf.turn:
                current = await self._shelf.store.published(name)
                if current is not None and current.created_by != SHIPPED_BY:
                    continue
                try:
                    await self._publish(draft, current, SHIPPED_BY)
                except BadInput as error:
                    self._shelf.log.warning(
                        f"shipped_{self.KIND}_waits", name=name, reason=error.message
                    )

    def current(self, name: str) -> Made:
        """What new calls begin with. Raises NotFound."""
        if name not in self._current:
            raise NotFound("没有这个流程")
        return self._current[name]

    def follow(self, name: str, switch: Callable[[Made], None]) -> None:
        """Tell `switch` of every version that is put into use from now on."""
        self._followers.setdefault(name, []).append(switch)

    def depend(self, prepare: Callable[[Made], Awaitable[Switch]]) -> None:
        """Ask `prepare` before a version is put into use; it raises ConfigurationError if that does
        not fit, and what it gives is called in the moment of the switch."""
        self._dependents.append(prepare)

    # --- versions --------------------------------------------------------------------------

    async def versions(self, name: str) -> list[Version]:
        """The last 50, newest first. Raises NotFound for a name that there is not."""
        self.current(name)
        return await self._shelf.store.versions(name, LISTED)

    async def version(self, name: str, number: int) -> Version:
        """Raises NotFound."""
        found = await self._shelf.store.version(name, number)
        if found is None:
            raise NotFound("没有这个版本")
        return found

    async def published(self, name: str) -> Version | None:
        return await self._shelf.store.published(name)

    async def as_saved(self, name: str, number: int, revision: int) -> Version | None:
        """A draft as it was in a revision; None if it never was."""
        return await self._shelf.store.as_saved(name, number, revision)

    async def compiled(self, version: Version) -> Made | None:
        """What calls would use of a version; None if it breaks a rule."""
        try:
            return await self._of(version)
        except ConfigurationError:
            return None

    async def save_draft(
        self,
        name: str,
        body: str,
        note: str,
        who: str,
        draft: tuple[int, int] | None = None,
        made_from: int | None = None,
    ) -> Version:
        """A new draft, or a new text of `draft` (number, revision). A draft may be wrong; only what
        is right can be published.

        Raises:
            BadInput: the text is empty or too long.
            Conflict: somebody else has saved or published it meanwhile.
        """
        self.current(name)
        body = body.replace("\r\n", "\n")
        if not body.strip() or len(body) > BODY_LIMIT:
            raise BadInput("流程内容不能为空，也不能超过64000字", "body")
        if len(note) > NOTE_LIMIT:
            raise BadInput("说明不能超过200字", "note")
        if draft is None:
            return await self._shelf.store.add(self._draft(name, body, note, who, made_from))
        number, revision = draft
        old = await self.version(name, number)
        return await self._shelf.store.save(
            replace(
                old,
                body=body,
                note=note,
                digest=self._shelf.digest(body),
                revision=revision,
                saved_by=who,
                saved_at=self._shelf.clock.now(),
            )
        )

    async def publish(self, name: str, number: int, current: int | None, who: str) -> Version:
        """Let new calls begin with this version from now on. `current`: the number that whoever
        asks has seen as published.

        Raises:
            BadInput: the version breaks a rule; the message names the line.
            Conflict: another version has been published meanwhile.
            InvalidTransition: it is published already.
        """
        async with self._shelf.turn:
            version = await self.version(name, number)
            present = await self._seen(name, current)
            return await self._publish(version, present, who)

    async def roll_back(self, name: str, current: int, who: str) -> Version:
        """Let new calls begin with what the present version replaced.

        Raises:
            Conflict: another version has been published meanwhile, or there is none before.
            BadInput: the one before breaks a rule by now.
        """
        async with self._shelf.turn:
            present = await self._seen(name, current)
            if present is None or present.replaces is None:
                raise Conflict("没有更早的版本可以回退")
            before = await self.version(name, present.replaces)
            switch = await self._prepared(before)
            changed = roll_back(present, before, who, self._shelf.clock.now())
            await self._record(who, f"{self.KIND}_rolled_back", changed[0], present)
            await self._shelf.store.move(changed, present.number)
            switch()
            return changed[0]

    # --- how -------------------------------------------------------------------------------

    async def _publish(self, version: Version, present: Version | None, who: str) -> Version:
        switch = await self._prepared(version)
        changed = publish(version, present, who, self._shelf.clock.now())
        await self._record(who, f"{self.KIND}_published", changed[0], present)
        await self._shelf.store.move(changed, present.number if present else None)
        switch()
        return changed[0]

    async def _prepared(self, version: Version) -> Switch:
        """Everything that can fail before a switch. Raises BadInput."""
        try:
            made = await self._of(version)
            others = [await prepare(made) for prepare in self._dependents]
        except ConfigurationError as error:
            raise BadInput(error.message, "body") from error

        def switch() -> None:
            self._switch(version.name, made, _text(version))
            for other in others:
                other()

        return switch

    async def _seen(self, name: str, current: int | None) -> Version | None:
        present = await self._shelf.store.published(name)
        if (present.number if present else None) != current:
            raise Conflict("线上版本刚刚变更过，请刷新后再操作")
        return present

    async def _record(self, who: str, action: str, new: Version, old: Version | None) -> None:
        await self._shelf.audit.record(
            who=who if who != SHIPPED_BY else "-",
            action=action,
            object_id=f"{new.name}@{new.number}",
            detail={"digest": new.digest, "replaced": old.number if old else None},
        )

    async def _of_shipped(self, name: str, text: Text) -> Made:
        return await self._of_text(name, self._shelf.digest(text.body), text)

    async def _of(self, version: Version) -> Made:
        return await self._of_text(version.name, version.digest, _text(version))

    async def _of_text(self, name: str, digest: str, text: Text) -> Made:
        key = name, digest, self._basis()
        if key not in self._made:
            self._made[key] = await self._checked(name, text)
        return self._made[key]

    def _switch(self, name: str, made: Made, text: Text) -> None:
        self._current[name] = made
        self._texts[name] = text
        for switch in self._followers.get(name, ()):
            switch(made)

    def _draft(
        self, name: str, body: str, note: str, who: str, made_from: int | None = None
    ) -> Version:
        now = self._shelf.clock.now()
        return Version(
            name=name,
            number=0,
            digest=self._shelf.digest(body),
            body=body,
            note=note,
            state=VersionState.DRAFT,
            revision=1,
            created_by=who,
            created_at=now,
            saved_by=who,
            saved_at=now,
            made_from=made_from,
        )


def _text(version: Version) -> Text:
    return Text(f"{version.name}@{version.number}", version.body)
