"""The text simulator: a call as one reads it, for trying a flow before citizens do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from ivr.core.catalogue import PromptCatalogue
from ivr.core.flow import KNOWN_AT, KNOWN_NUMBER, KNOWN_STAGE, Flow
from ivr.core.interpreter import (
    UNANSWERED,
    Answer,
    Entered,
    Happening,
    Pressed,
    Result,
    Spoke,
    Turn,
)
from ivr.core.saying import Stage
from ivr.core.walk import Ending, Visit, visit_flow
from kernel.language import Language
from kernel.telephony import Collect, Instruction, Listen, TakeMessage


@dataclass(frozen=True, slots=True)
class Said:
    language: Language
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One turn: what was pressed or spoken before it (both None: nothing was asked), the steps
    passed through, what is said, the digits that may be typed now (0: none; for a message, any
    digit stands for a message that was spoken), and whether somebody listens."""

    pressed: str | None
    steps: tuple[str, ...]
    said: tuple[Said, ...]
    may_type: int
    spoken: Spoke | None = None
    may_speak: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`ending` is None while the simulated caller is asked for a key."""

    moments: tuple[Moment, ...]
    ending: Ending | None


def rehearse(
    flow: Flow, catalogue: PromptCatalogue, keys: Sequence[str], visit: Visit
) -> Rehearsal:
    """Walk `flow` with one entry of `keys` for each question, as far as they go: keys, "" for
    silence, words where somebody listens (`ivr.core.walk`)."""
    journey = visit_flow(flow, keys, visit)
    return Rehearsal(
        tuple(_moment(turn, catalogue) for turn in journey.turns),
        journey.ending,
    )


def _moment(turn: Turn, catalogue: PromptCatalogue) -> Moment:
    said = tuple(
        Said(language, _joined(language, [catalogue.text(p.name, language) for p in run]))
        for language, run in groupby(turn.instruction.prompts, key=lambda p: p.language)
    )
    here = turn.instruction
    return Moment(
        pressed=_pressed(turn.happened),
        steps=tuple(h.step for h in turn.happened if isinstance(h, Entered)),
        said=said,
        may_type=_may_type(here),
        spoken=next((h for h in turn.happened if isinstance(h, Spoke)), None),
        may_speak=isinstance(here, Listen),
    )


def _may_type(here: Instruction) -> int:
    if isinstance(here, TakeMessage):
        return 1
    return here.max_digits if isinstance(here, Collect) else 0


def _joined(language: Language, texts: Sequence[str]) -> str:
    return (" " if language is Language.ENGLISH else "").join(texts)


def _pressed(happened: tuple[Happening, ...]) -> str | None:
    return next((h.keys for h in happened if isinstance(h, Pressed)), None)


def example_answer(result: Result, now: datetime) -> Answer:
    """What every lookup of a rehearsal finds: an order that is being handled since today."""
    if result is Result.FAILED:
        return UNANSWERED
    if result is not Result.FOUND:
        return Answer(result)
    return Answer(result, {"order_stage": Stage.HANDLED.value, "order_at": now.isoformat()})


def example_order(stage: str, now: datetime) -> dict[str, str]:
    """The slots of a caller with an order at `stage` since yesterday; none for no stage."""
    if stage not in set(Stage):
        return {}
    yesterday = (now - timedelta(days=1)).isoformat()
    return {KNOWN_NUMBER: "20261124000123", KNOWN_STAGE: stage, KNOWN_AT: yesterday}
