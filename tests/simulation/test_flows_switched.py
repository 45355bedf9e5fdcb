"""Flows published and rolled back in the middle of hundreds of calls: each call is one version's.

The real dialogue and the real versions on stores in memory; callers and clicks are interleaved by a
seed. `HOTLINE_CALLERS=10000` is the large size.
"""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from random import Random

from ivr.core.versions import VersionState
from kernel.errors import Conflict, InvalidTransition
from kernel.events import MenuStepEntered
from kernel.ids import CallId
from kernel.phone import clean
from kernel.telephony import (
    CallEntered,
    CallerInput,
    Collect,
    EnterQueue,
    InputKind,
    Instruction,
    TransferOut,
)
from tests.fakes.clock import NOON
from tests.unit.ivr.shelf import OTHER, THIRD, Shelf
from tests.unit.ivr.test_dialogue import Stage

CALLERS = int(os.environ.get("HOTLINE_CALLERS", "400"))
AT_ONCE = 30
CLICKS_FRACTION = 0.02


async def click(shelf: Shelf, chance: Random) -> None:
    """Publish any version, or go one back; what is not possible just now is refused."""
    current = await shelf.store.published("main")
    assert current is not None
    with suppress(Conflict, InvalidTransition):
        if chance.random() < 0.5:
            await shelf.flows.roll_back("main", current.number, "ad01")
        else:
            await shelf.flows.publish("main", chance.randint(1, 3), current.number, "ad02")


def pressed(instruction: Instruction, chance: Random) -> CallerInput:
    if not isinstance(instruction, Collect):
        return CallerInput(InputKind.PLAYED, "", NOON)
    keys = chance.choice(["", *"0123456789*", "20261124000123", "8000"])
    return CallerInput(InputKind.DIGITS if keys else InputKind.SILENCE, keys, NOON)


async def test_calls_under_way_finish_on_their_version_whatever_is_published_meanwhile() -> None:
    chance = Random(20261126)
    stage, shelf = Stage(), await Shelf().open()
    shelf.flows.follow("main", stage.dialogue.switch)
    stage.dialogue.switch(shelf.flows.current("main"))
    for body in (OTHER, THIRD):
        await shelf.draft(body)
    under_way: dict[CallId, Instruction] = {}
    begun = ended = 0
    began_with: dict[CallId, str] = {}
    while ended < CALLERS:
        if chance.random() < CLICKS_FRACTION:
            await click(shelf, chance)
        if begun < CALLERS and len(under_way) < AT_ONCE:
            begun += 1
            call = CallEntered(CallId(f"gz-1-{begun}"), clean("13800138000"), "", "12345", NOON)
            began_with[call.call_id] = shelf.now
            under_way[call.call_id] = await stage.dialogue.begin(call)
            continue
        call_id = chance.choice(list(under_way))
        given = pressed(under_way[call_id], chance)
        under_way[call_id] = await stage.dialogue.next(call_id, given)
        if isinstance(under_way[call_id], EnterQueue | TransferOut):
            ended += 1
            del under_way[call_id]
            stage.dialogue.forget(call_id)

    versions: dict[CallId | None, set[str]] = defaultdict(set)
    for event in stage.bus.of(MenuStepEntered):
        versions[event.call_id].add(event.flow_version)
    assert versions == {call_id: {version} for call_id, version in began_with.items()}
    assert len(set(began_with.values())) == 3, "every version was the one in use for a while"
    published = [v for v in shelf.store.kept.values() if v.state is VersionState.PUBLISHED]
    assert sorted(v.name for v in published) == ["intents", "main", "survey"]
    assert stage.dialogue.live_calls() == 0
