"""The versions of the flows (`ivr.versions`), compiled with the table of intents that is in use."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr.core.flaw_words import FlawWords, in_words
from ivr.core.flow import End, Flow, Listening, Purpose, Queue
from ivr.core.funnel import StepKind
from ivr.core.intents import IntentTable
from ivr.intents import Intents
from ivr.versions import Shelf, Switch, Text, Versions
from kernel.errors import ConfigurationError

PURPOSES: Mapping[str, Purpose] = {"main": Purpose.RECEPTION, "survey": Purpose.SURVEY}
"""The flows there are, and what each is for."""
_FLAW = re.compile(r"^(?P<source>[^:\n]+):(?P<line>\d+): (?P<message>.*)$")

FlowReader = Callable[[str, str, IntentTable], Flow]
"""What complaints call the text, the text, by what its intents are known -> the flow. Raises
ConfigurationError."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One broken rule of a draft. `line` counts from 1."""

    line: int
    message: str

    @property
    def words(self) -> FlawWords:
        """For the screen."""
        return in_words(self.message)


class Flows(Versions[Flow]):
    """Loaded after `intents`, whose table in use the flows are compiled with."""

    KIND = "flow"

    def __init__(
        self, shelf: Shelf, shipped: Mapping[str, str], read: FlowReader, intents: Intents
    ) -> None:
        super().__init__(shelf, shipped)
        self._read = read
        self._intents = intents
        self._known: dict[tuple[str, str], Flow] = {}
        intents.depend(self._with_words)

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

    def offered(self) -> frozenset[str]:
        """The intents that lead on from some step of what is in use."""
        return frozenset(
            intent
            for flow in self._current.values()
            for step in flow.steps.values()
            if isinstance(step, Listening)
            for intent in step.intents
        )

    async def flaws(self, name: str, body: str) -> tuple[Flaw, ...]:
        """Every broken rule of a text, in the order of its lines; empty if it may be published."""
        try:
            await self._checked(name, Text(name, body))
        except ConfigurationError as error:
            return tuple(sorted(_flaws(error.message), key=lambda flaw: flaw.line))
        return ()

    # --- how -------------------------------------------------------------------------------

    async def _with_words(self, words: IntentTable) -> Switch:
        """Compile what is in use with another table of intents; called, the result puts all of it
        into use. Raises ConfigurationError if a flow does not fit the table."""
        ready = {
            name: (await self._compiled(name, text, words), text)
            for name, text in self._texts.items()
            if self._current[name].words is not words
        }

        def switch() -> None:
            self._made.clear()
            for name, (flow, text) in ready.items():
                self._switch(name, flow, text)

        return switch

    async def _checked(self, name: str, text: Text) -> Flow:
        return await self._compiled(name, text, self._intents.table)

    async def _of_shipped(self, name: str, text: Text) -> Flow:
        # A shipped flow is judged by the shipped table: people may have published another.
        shipped = await self._intents.shipped()
        if shipped is self._intents.table:
            return await super()._of_shipped(name, text)
        return await self._compiled(name, text, shipped)

    def _basis(self) -> str:
        return self._intents.table.version

    async def _compiled(self, name: str, text: Text, words: IntentTable) -> Flow:
        # In a thread: reading takes a tenth of a second, in which callers are answered.
        flow = await asyncio.to_thread(self._read, text.source, text.body, words)
        if flow.name != name or flow.purpose is not PURPOSES[name]:
            raise ConfigurationError(
                f"{text.source}:1: must be the flow {name!r} with the purpose {PURPOSES[name]}"
            )
        return flow

    def _switch(self, name: str, made: Flow, text: Text) -> None:
        super()._switch(name, made, text)
        self._known[name, made.version] = made
        self._shelf.log.info(
            "flow_switched", flow=name, version=made.version, words=made.words.version
        )


def _flaws(message: str) -> list[Flaw]:
    found = [_FLAW.match(line) for line in message.splitlines()]
    flaws = [Flaw(int(m["line"]), m["message"]) for m in found if m]
    return flaws or [Flaw(1, message)]
