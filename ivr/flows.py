"""The versions of the flows: drafts, publishing, rolling back, and what calls begin with now.

The store knows what was published; this service holds the compiled flows in memory, so that a call
costs no query, and switches new calls over in one assignment. Calls that are under way keep the
version they began with (`ivr.service`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ivr.core.flaw_words import FlawWords, in_words
from ivr.core.flow import End, Flow, Purpose, Queue
from ivr.core.funnel import StepKind
from ivr.core.versions import FlowVersion, VersionState, publish, roll_back
from ivr.ports import FlowStore, Log
from kernel.audit import AuditTrail
from kernel.clock import Clock
from kernel.errors import BadInput, ConfigurationError, Conflict, NotFound

PURPOSES: Mapping[str, Purpose] = {"main": Purpose.RECEPTION, "survey": Purpose.SURVEY}
"""The flows there are, and what each is for."""
SHIPPED_BY = "system"
BODY_LIMIT = 64_000
NOTE_LIMIT = 200
LISTED = 50
_FLAW = re.compile(r"^(?P<source>[^:\n]+):(?P<line>\d+): (?P<message>.*)$")

FlowReader = Callable[[str, str], Flow]
"""What complaints call the text, and the text -> the flow. Raises ConfigurationError."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One broken rule of a draft. `line` counts from 1."""

    line: int
    message: str

    @property
    def words(self) -> FlawWords:
        """For the screen."""
        return in_words(self.message)


class Flows:
    def __init__(
        self,
        *,
        store: FlowStore,
        read: FlowReader,
        digest: Callable[[str], str],
        shipped: Mapping[str, str],
        audit: AuditTrail,
        clock: Clock,
        log: Log,
    ) -> None:
        self._store = store
        self._read = read
        self._digest = digest
        self._shipped = shipped
        self._audit = audit
        self._clock = clock
        self._log = log
        self._current: dict[str, Flow] = {}
        self._known: dict[tuple[str, str], Flow] = {}
        self._followers: dict[str, list[Callable[[Flow], None]]] = {}
        self._turn = asyncio.Lock()

    # --- what calls begin with ------------------------------------------------------------

    async def load(self) -> None:
        """Compile what is published, or the shipped text where nothing is yet, or where what is
        published has become unusable (a prompt it needs is gone). Writes nothing.

        Raises ConfigurationError if a shipped text is wrong.
        """
        for name, body in self._shipped.items():
            flow = await self._checked(name, f"{name}.yaml", body)
            published = await self._store.published(name)
            if published is not None:
                try:
                    flow = await self._compiled(published)
                except ConfigurationError as error:
                    self._log.warning("published_flow_unusable", flow=name, reason=error.message)
            self._switch(name, flow)

    async def start(self) -> None:
        """Take a shipped text that is new here in as a version. It is published by itself unless
        somebody has published another than a shipped one: then it waits as a draft."""
        for name, body in self._shipped.items():
            known = await self._store.versions(name, LISTED)
            if any(v.digest == self._digest(body) for v in known):
                continue
            draft = await self._store.add(self._draft(name, body, "", SHIPPED_BY))
            current = await self._store.published(name)
            if current is None or current.created_by == SHIPPED_BY:
                await self._publish(draft, current, SHIPPED_BY)

    def current(self, name: str) -> Flow:
        """The version that new calls begin with. Raises NotFound."""
        if name not in self._current:
            raise NotFound("没有这个流程")
        return self._current[name]

    def follow(self, name: str, switch: Callable[[Flow], None]) -> None:
        """Tell `switch` of every version that is published from now on."""
        self._followers.setdefault(name, []).append(switch)

    def kind_of(self, flow: str, version: str, step: str) -> StepKind:
        """For the funnel; OTHER for a version that this run has not seen."""
        found = self._known.get((flow, version))
        match found.steps.get(step) if found else None:
            case Queue():
                return StepKind.TO_PERSON
            case End():
                return StepKind.LAST
            case _:
                return StepKind.OTHER

    # --- versions --------------------------------------------------------------------------

    async def versions(self, name: str) -> list[FlowVersion]:
        """The last 50, newest first. Raises NotFound for a flow that there is not."""
        self.current(name)
        return await self._store.versions(name, LISTED)

    async def version(self, name: str, number: int) -> FlowVersion:
        """Raises NotFound."""
        found = await self._store.version(name, number)
        if found is None:
            raise NotFound("没有这个版本")
        return found

    async def compiled(self, version: FlowVersion) -> Flow | None:
        """The flow of a version; None if it breaks a rule."""
        try:
            return await self._compiled(version)
        except ConfigurationError:
            return None

    async def flaws(self, name: str, body: str) -> tuple[Flaw, ...]:
        """Every broken rule of a text, in the order of its lines; empty if it may be published."""
        try:
            await self._checked(name, name, body)
        except ConfigurationError as error:
            return tuple(sorted(_flaws(error.message), key=lambda flaw: flaw.line))
        return ()

    async def save_draft(
        self, name: str, body: str, note: str, who: str, draft: tuple[int, int] | None = None
    ) -> FlowVersion:
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
            return await self._store.add(self._draft(name, body, note, who))
        number, revision = draft
        old = await self.version(name, number)
        return await self._store.save(
            replace(old, body=body, note=note, digest=self._digest(body), revision=revision)
        )

    async def publish(self, name: str, number: int, current: int | None, who: str) -> FlowVersion:
        """Let new calls begin with this version from now on. `current`: the number that whoever
        asks has seen as published.

        Raises:
            BadInput: the version breaks a rule; the message names the line.
            Conflict: another version has been published meanwhile.
            InvalidTransition: it is published already.
        """
        async with self._turn:
            version = await self.version(name, number)
            present = await self._seen(name, current)
            return await self._publish(version, present, who)

    async def roll_back(self, name: str, current: int, who: str) -> FlowVersion:
        """Let new calls begin with what the present version replaced.

        Raises:
            Conflict: another version has been published meanwhile, or there is none before.
            BadInput: the one before breaks a rule by now.
        """
        async with self._turn:
            present = await self._seen(name, current)
            if present is None or present.replaces is None:
                raise Conflict("没有更早的版本可以回退")
            before = await self.version(name, present.replaces)
            flow = await self._publishable(before)
            changed = roll_back(present, before, who, self._clock.now())
            await self._record(who, "flow_rolled_back", changed[0], present)
            await self._store.move(changed, present.number)
            self._switch(name, flow)
            return changed[0]

    # --- how -------------------------------------------------------------------------------

    async def _publish(
        self, version: FlowVersion, present: FlowVersion | None, who: str
    ) -> FlowVersion:
        flow = await self._publishable(version)
        changed = publish(version, present, who, self._clock.now())
        await self._record(who, "flow_published", changed[0], present)
        await self._store.move(changed, present.number if present else None)
        self._switch(version.flow, flow)
        return changed[0]

    async def _seen(self, name: str, current: int | None) -> FlowVersion | None:
        present = await self._store.published(name)
        if (present.number if present else None) != current:
            raise Conflict("线上版本刚刚变更过，请刷新后再操作")
        return present

    async def _record(
        self, who: str, action: str, new: FlowVersion, old: FlowVersion | None
    ) -> None:
        await self._audit.record(
            who=who if who != SHIPPED_BY else "-",
            action=action,
            object_id=f"{new.flow}@{new.number}",
            detail={"digest": new.digest, "replaced": old.number if old else None},
        )

    async def _publishable(self, version: FlowVersion) -> Flow:
        try:
            return await self._compiled(version)
        except ConfigurationError as error:
            raise BadInput(error.message, "body") from error

    async def _compiled(self, version: FlowVersion) -> Flow:
        key = version.flow, version.digest
        if key not in self._known:
            source = f"{version.flow}@{version.number}"
            self._known[key] = await self._checked(version.flow, source, version.body)
        return self._known[key]

    async def _checked(self, name: str, source: str, body: str) -> Flow:
        # In a thread: reading takes a tenth of a second, in which callers are answered.
        flow = await asyncio.to_thread(self._read, source, body)
        if flow.name != name or flow.purpose is not PURPOSES[name]:
            raise ConfigurationError(
                f"{source}:1: must be the flow {name!r} with the purpose {PURPOSES[name]}"
            )
        return flow

    def _switch(self, name: str, flow: Flow) -> None:
        self._current[name] = flow
        self._known[name, flow.version] = flow
        for switch in self._followers.get(name, ()):
            switch(flow)
        self._log.info("flow_switched", flow=name, version=flow.version)

    def _draft(self, name: str, body: str, note: str, who: str) -> FlowVersion:
        return FlowVersion(
            flow=name,
            number=0,
            digest=self._digest(body),
            body=body,
            note=note,
            state=VersionState.DRAFT,
            revision=1,
            created_by=who,
            created_at=self._clock.now(),
        )


def _flaws(message: str) -> list[Flaw]:
    found = [_FLAW.match(line) for line in message.splitlines()]
    flaws = [Flaw(int(m["line"]), m["message"]) for m in found if m]
    return flaws or [Flaw(1, message)]
