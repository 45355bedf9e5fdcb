"""The versions of the table of intents (`ivr.versions`): edited phrase by phrase, tried, switched.

A version's text is what the file in `config/` is. Whoever edits works on its sheet
(`ivr.core.intent_sheet`); each save keeps who and when, and what the draft was before, so that
whoever was late can see what he missed. The flows are compiled with the table in use: a version
that a flow in use does not fit is not published, and flows and table are switched together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ivr.core.intent_rules import Problem, problems
from ivr.core.intent_sheet import (
    Change,
    Difference,
    IntentSheet,
    changes_of,
    difference,
    edited,
    table_of,
)
from ivr.core.intents import IntentTable
from ivr.core.versions import Version, VersionState
from ivr.versions import Shelf, Text, Versions
from kernel.errors import BadInput, ConfigurationError, Conflict

INTENTS = "intents"
TOLD_LIMIT = 400
"""Characters of what was changed, in the audit trail."""

SheetReader = Callable[[str, str], IntentSheet]
"""What complaints call the text, and the text. Raises ConfigurationError."""
SheetWriter = Callable[[IntentSheet], str]
TableReader = Callable[[str, str], IntentTable]
"""As `SheetReader`; every rule must be kept."""


@dataclass(frozen=True, slots=True)
class Forms:
    """Between the text of a version and what it says."""

    table: TableReader
    sheet: SheetReader
    write: SheetWriter


@dataclass(frozen=True, slots=True)
class Overtaken:
    """What a late editor must know: the draft as it is now, and what others have changed in it
    since the revision that he saw (None if that is not known any more)."""

    now: Version
    since: tuple[Difference, ...] | None


class Intents(Versions[IntentTable]):
    KIND = "intents"

    def __init__(self, shelf: Shelf, shipped: str, forms: Forms) -> None:
        super().__init__(shelf, {INTENTS: shipped})
        self._forms = forms
        self._sheets: dict[str, IntentSheet] = {}

    async def shipped(self) -> IntentTable:
        """The table of the file in `config/`. Raises ConfigurationError."""
        return await self._of_shipped(INTENTS, Text(f"{INTENTS}.yaml", self._shipped[INTENTS]))

    @property
    def table(self) -> IntentTable:
        """What new calls are understood by."""
        return self.current(INTENTS)

    # --- looking --------------------------------------------------------------------------

    async def sheet(self, version: Version | None = None) -> IntentSheet:
        """What a version says; without one, what is in use. Raises BadInput for a text that is no
        table."""
        text = Text(f"{INTENTS}@{version.number}", version.body) if version else None
        text = text or self._texts[INTENTS]
        key = self._shelf.digest(text.body)
        if key not in self._sheets:
            try:
                read = await asyncio.to_thread(self._forms.sheet, text.source, text.body)
            except ConfigurationError as error:
                raise BadInput(error.message, "body") from error
            while len(self._sheets) >= 20:  # as many as people look at in a while
                del self._sheets[next(iter(self._sheets))]
            self._sheets[key] = read
        return self._sheets[key]

    async def trial(self, version: Version) -> IntentTable:
        """What sentences are tried with: of a draft that breaks a rule, what can be made of it."""
        return table_of(await self.sheet(version), version.digest)

    async def problems(self, version: Version) -> tuple[Problem, ...]:
        return problems(await self.sheet(version))

    async def between(self, old: Version | None, new: Version) -> tuple[Difference, ...]:
        """What `new` changes in `old`, or in what is in use."""
        return difference(await self.sheet(old), await self.sheet(new))

    async def overtaken(self, number: int, revision: int) -> Overtaken:
        """What has become of a draft since this revision of it. Raises NotFound."""
        now = await self.version(INTENTS, number)
        seen = await self.as_saved(INTENTS, number, revision)
        return Overtaken(now, await self.between(seen, now) if seen else None)

    # --- editing --------------------------------------------------------------------------

    async def edit(
        self, number: int, revision: int, changes: Collection[Change], note: str, who: str
    ) -> Version:
        """Save these changes in a draft, or, from a version that is none, as a new draft. What
        changes nothing is not saved.

        Raises:
            BadInput: there is no such cell, a phrase cannot be kept, or it becomes too much.
            Conflict: somebody else has saved or published the draft meanwhile; see `overtaken`.
        """
        version = await self.version(INTENTS, number)
        if version.revision != revision:
            raise Conflict("这份草稿刚被别人修改过")
        old = await self.sheet(version)
        new = edited(old, changes)
        is_draft = version.state is VersionState.DRAFT
        if new == old and (not is_draft or note == version.note):
            return version
        return await self._save(version, old, new, note, who)

    async def carry_over(self, number: int, who: str) -> Version:
        """A new draft: what is in use, and in it what this draft changed in the version it was made
        from. For a draft that another publication has overtaken.

        Raises:
            Conflict: there is nothing to carry over.
        """
        draft = await self.version(INTENTS, number)
        current = await self.published(INTENTS)
        if current is None or draft.made_from is None or draft.made_from == current.number:
            raise Conflict("没有可以搬过去的改动")
        base = await self.version(INTENTS, draft.made_from)
        old = await self.sheet(current)
        new = edited(old, changes_of(await self.between(base, draft)))
        if new == old:
            raise Conflict("没有可以搬过去的改动")
        return await self._save(current, old, new, draft.note, who)

    async def _save(
        self, version: Version, old: IntentSheet, new: IntentSheet, note: str, who: str
    ) -> Version:
        body = await asyncio.to_thread(self._forms.write, new)
        draft = (version.number, version.revision)
        is_draft = version.state is VersionState.DRAFT
        saved = await self.save_draft(
            INTENTS,
            body,
            note,
            who,
            draft if is_draft else None,
            made_from=None if is_draft else version.number,
        )
        await self._shelf.audit.record(
            who=who,
            action="intents_saved",
            object_id=f"{INTENTS}@{saved.number}",
            detail={"revision": saved.revision, "changed": _told(difference(old, new))},
        )
        return saved

    # --- how -------------------------------------------------------------------------------

    async def _checked(self, name: str, text: Text) -> IntentTable:
        return await asyncio.to_thread(self._forms.table, text.source, text.body)

    def _switch(self, name: str, made: IntentTable, text: Text) -> None:
        super()._switch(name, made, text)
        self._shelf.log.info("intents_switched", version=made.version)


def _told(found: tuple[Difference, ...]) -> str:
    told = " ".join(
        f"{one.place.key} {sign}{phrase}"
        for one in found
        for sign, phrases in (("+", one.added), ("-", one.removed))
        for phrase in phrases
    )
    return told if len(told) <= TOLD_LIMIT else told[:TOLD_LIMIT] + "…"
