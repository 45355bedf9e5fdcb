"""Versions of the table of intents: edited, compared, switched together with the flows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ivr.core.conditions import Around
from ivr.core.intent_sheet import Change, Place
from ivr.core.intents import understand
from ivr.core.versions import Version, VersionState
from ivr.intents import INTENTS
from kernel.errors import BadInput, ConfigurationError, Conflict, NotFound
from kernel.ids import CallId
from kernel.language import Language
from kernel.phone import clean
from kernel.telephony import CallEntered, CallerInput, EnterQueue, InputKind, Listen
from tests.fakes.clock import NOON
from tests.unit.ivr.shelf import OTHER, SHIPPED, SHIPPED_INTENTS, Shelf
from tests.unit.ivr.test_dialogue import Stage

LABOUR = Place("labour", Language.MANDARIN)
URBAN = Place("urban", Language.MANDARIN)
JUSTICE = Change(LABOUR, "讨公道", True)
RACKET = Change(URBAN, "吵死人", True)
LEAN = SHIPPED["main"].replace("      tax: call_12366\n", "")


@pytest.fixture
async def shelf() -> Shelf:
    return await Shelf().open()


async def drafted(shelf: Shelf, *changes: Change, who: str = "ad01") -> Version:
    current = await shelf.intents.published(INTENTS)
    assert current is not None
    return await shelf.intents.edit(current.number, current.revision, changes, "试用", who)


def meant(shelf: Shelf, sentence: str) -> tuple[str, ...]:
    """By the flow that new calls begin with."""
    return understand(shelf.flows.current("main").words, sentence).wishes


# --- the first start -----------------------------------------------------------------------------


async def test_the_file_is_version_one_of_the_table_at_the_first_start(shelf: Shelf) -> None:
    (only,) = await shelf.intents.versions(INTENTS)
    assert (only.number, only.state, only.body) == (1, VersionState.PUBLISHED, SHIPPED_INTENTS)
    again = await Shelf(shelf.store).open()
    assert len(await again.intents.versions(INTENTS)) == 1


async def test_next_start_begins_with_what_was_switched_to(shelf: Shelf) -> None:
    draft = await drafted(shelf, JUSTICE)
    await shelf.intents.publish(INTENTS, draft.number, 1, "ad02")
    again = await Shelf(shelf.store).open()
    assert meant(again, "讨公道") == ("labour",)
    assert again.intents.table.version == draft.digest


async def test_newer_file_waits_as_a_draft_where_people_have_switched_to_their_own(
    shelf: Shelf,
) -> None:
    draft = await drafted(shelf, JUSTICE)
    await shelf.intents.publish(INTENTS, draft.number, 1, "ad02")
    newer = SHIPPED_INTENTS.replace("[社保,", "[社保, 劳保,", 1)
    again = await Shelf(shelf.store, table=newer).open()
    assert (await again.intents.versions(INTENTS))[0].state is VersionState.DRAFT
    assert meant(again, "讨公道") == ("labour",)
    assert meant(again, "劳保") == ()


async def test_newer_file_that_a_flow_in_use_does_not_fit_waits_too(shelf: Shelf) -> None:
    newer = SHIPPED_INTENTS.replace("  tax:\n", "  taxes:\n", 1)
    again = await Shelf(shelf.store, main=LEAN, table=newer).open()
    assert "shipped_intents_waits" in again.log.events
    assert "tax" in again.flows.current("main").words.intents


async def test_published_flow_that_the_table_does_not_fit_leaves_the_shipped_pair(
    shelf: Shelf,
) -> None:
    broken = shelf.store.kept["intents", 1]
    lacking = SHIPPED_INTENTS.replace("  tax:\n", "  taxes:\n", 1)
    values = {name: getattr(broken, name) for name in broken.__slots__}
    shelf.store.kept["intents", 1] = Version(**{**values, "body": lacking, "digest": "lacking"})
    again = await Shelf(shelf.store).open()
    # The table alone is sound; the flow is used with the table that it was shipped with.
    assert "tax" in again.flows.current("main").words.intents
    assert "published_flow_unusable" in again.log.events


async def test_wrong_file_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"intents\.yaml:\d+: "):
        await Shelf(table=SHIPPED_INTENTS.replace("[社保,", "[噪音,", 1)).open()


# --- editing -------------------------------------------------------------------------------------


async def test_change_of_what_is_in_use_is_a_new_draft_made_from_it(shelf: Shelf) -> None:
    draft = await drafted(shelf, JUSTICE)
    assert (draft.number, draft.made_from, draft.state) == (2, 1, VersionState.DRAFT)
    assert (draft.saved_by, draft.note) == ("ad01", "试用")
    assert meant(shelf, "讨公道") == ()
    last = shelf.audit.entries[-1]
    assert (last.who, last.action, last.object_id) == ("ad01", "intents_saved", "intents@2")
    assert last.detail == {"revision": 1, "changed": "labour.zh +讨公道"}


async def test_what_changes_nothing_is_not_saved(shelf: Shelf) -> None:
    acts = list(shelf.audit.actions)
    there = Change(LABOUR, "社保", True)
    assert (await shelf.intents.edit(1, 1, [there], "", "ad01")).number == 1
    draft = await drafted(shelf, JUSTICE)
    assert await shelf.intents.edit(2, 1, [JUSTICE], "试用", "ad01") == draft
    assert shelf.audit.actions == [*acts, "intents_saved"]


async def test_second_of_two_editors_is_told_who_was_first_and_what_was_changed(
    shelf: Shelf,
) -> None:
    draft = await drafted(shelf, JUSTICE)
    shelf.clock.advance(timedelta(minutes=3))
    saved = await shelf.intents.edit(2, 1, [RACKET], "试用", "ad02")
    with pytest.raises(Conflict):
        await shelf.intents.edit(2, draft.revision, [Change(LABOUR, "社保", False)], "", "ad01")
    told = await shelf.intents.overtaken(2, draft.revision)
    assert (told.now, told.now.saved_by) == (saved, "ad02")
    assert told.now.saved_at - draft.saved_at == timedelta(minutes=3)
    assert told.since is not None
    assert [(one.place, one.added, one.removed) for one in told.since] == [(URBAN, ("吵死人",), ())]
    assert (await shelf.intents.version(INTENTS, 2)).body == saved.body
    assert (await shelf.intents.overtaken(2, 77)).since is None


async def test_two_who_save_at_the_same_moment_do_not_overwrite_each_other(shelf: Shelf) -> None:
    await drafted(shelf, JUSTICE)
    ends = await asyncio.gather(
        *(
            shelf.intents.edit(2, 1, [Change(LABOUR, f"说法{n}", True)], "", f"ad0{n}")
            for n in range(1, 5)
        ),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["Conflict"] * 3 + ["Version"]


async def test_wrong_draft_is_kept_and_not_switched_to(shelf: Shelf) -> None:
    draft = await drafted(shelf, Change(LABOUR, "噪音", True))
    assert [p.phrase for p in await shelf.intents.problems(draft)] == ["噪音"]
    with pytest.raises(BadInput, match=r"intents@2:\d+: '噪音' has two meanings"):
        await shelf.intents.publish(INTENTS, 2, 1, "ad02")
    assert meant(shelf, "噪音") == ("urban",)


# --- switching -----------------------------------------------------------------------------------


async def test_switch_reaches_the_flows_in_the_same_moment_and_calls_keep_theirs(
    shelf: Shelf,
) -> None:
    began_with = shelf.flows.current("main")
    draft = await drafted(shelf, JUSTICE)
    await shelf.intents.publish(INTENTS, draft.number, 1, "ad02")
    now = shelf.flows.current("main")
    assert now.words is shelf.intents.table
    assert now.version == began_with.version
    assert understand(began_with.words, "讨公道").wishes == ()
    assert meant(shelf, "讨公道") == ("labour",)
    assert shelf.words[-1] == draft.digest
    last = shelf.audit.entries[-1]
    assert (last.who, last.action, last.object_id) == ("ad02", "intents_published", "intents@2")


async def test_caller_is_understood_by_the_words_that_the_call_began_with(shelf: Shelf) -> None:
    stage = Stage()
    stage.surroundings.value = Around(hearing=frozenset(Language))
    shelf.flows.follow("main", stage.dialogue.switch)
    stage.dialogue.switch(shelf.flows.current("main"))

    async def calls(number: str) -> CallId:
        """Silence until somebody listens."""
        call = CallEntered(CallId(number), clean("13800138000"), "", "12345", NOON)
        instruction = await stage.dialogue.begin(call)
        for _ in range(8):
            if isinstance(instruction, Listen):
                return call.call_id
            silent = CallerInput(InputKind.SILENCE, "", NOON)
            instruction = await stage.dialogue.next(call.call_id, silent)
        raise AssertionError(instruction)

    early = await calls("gz-1-1")
    draft = await drafted(shelf, JUSTICE)
    await shelf.intents.publish(INTENTS, draft.number, 1, "ad02")
    late = await calls("gz-1-2")
    said = CallerInput(InputKind.HEARD, "", NOON, "我要讨公道", 0.9)
    assert isinstance(await stage.dialogue.next(early, said), Listen)  # asked again
    queued = await stage.dialogue.next(late, said)
    for _ in range(4):
        if isinstance(queued, EnterQueue):
            break
        queued = await stage.dialogue.next(late, CallerInput(InputKind.PLAYED, "", NOON))
    assert isinstance(queued, EnterQueue) and queued.team == "labour"


async def test_flow_published_afterwards_is_compiled_with_the_table_in_use(shelf: Shelf) -> None:
    flow = await shelf.draft(OTHER)
    assert await shelf.flows.compiled(flow) is not None  # looked at with the old table
    draft = await drafted(shelf, JUSTICE)
    await shelf.intents.publish(INTENTS, draft.number, 1, "ad02")
    await shelf.flows.publish("main", flow.number, 1, "ad01")
    assert meant(shelf, "讨公道") == ("labour",)


async def test_one_click_brings_the_table_before_back(shelf: Shelf) -> None:
    draft = await drafted(shelf, JUSTICE)
    await shelf.intents.publish(INTENTS, draft.number, 1, "ad02")
    await shelf.intents.roll_back(INTENTS, 2, "ad01")
    assert meant(shelf, "讨公道") == ()
    assert shelf.audit.actions[-1] == "intents_rolled_back"
    with pytest.raises(Conflict):
        await shelf.intents.roll_back(INTENTS, 1, "ad01")


async def test_two_who_switch_at_once_do_not_overwrite_each_other(shelf: Shelf) -> None:
    one, other = await drafted(shelf, JUSTICE), await drafted(shelf, RACKET, who="ad02")
    await shelf.intents.publish(INTENTS, one.number, 1, "ad01")
    with pytest.raises(Conflict):
        await shelf.intents.publish(INTENTS, other.number, 1, "ad02")
    assert meant(shelf, "讨公道") == ("labour",)


async def test_overtaken_draft_is_carried_over_to_what_is_in_use(shelf: Shelf) -> None:
    one, other = await drafted(shelf, JUSTICE), await drafted(shelf, RACKET, who="ad02")
    with pytest.raises(Conflict):
        await shelf.intents.carry_over(other.number, "ad02")  # nothing has overtaken it
    await shelf.intents.publish(INTENTS, one.number, 1, "ad01")
    carried = await shelf.intents.carry_over(other.number, "ad02")
    assert (carried.made_from, carried.created_by) == (one.number, "ad02")
    await shelf.intents.publish(INTENTS, carried.number, one.number, "ad02")
    assert meant(shelf, "讨公道") == ("labour",)
    assert meant(shelf, "吵死人") == ("urban",)
    with pytest.raises(Conflict):
        await shelf.intents.carry_over(one.number, "ad01")  # it is all there


async def test_table_that_a_flow_in_use_does_not_fit_is_refused_and_nothing_changes(
    shelf: Shelf,
) -> None:
    lacking = SHIPPED_INTENTS.replace("  tax:\n", "  taxes:\n", 1)
    draft = await shelf.intents.save_draft(INTENTS, lacking, "", "ad01")
    with pytest.raises(BadInput, match="there is no intent 'tax'"):
        await shelf.intents.publish(INTENTS, draft.number, 1, "ad01")
    assert shelf.intents.table.version == shelf.store.kept["intents", 1].digest
    assert shelf.words[-1] == shelf.intents.table.version
    # Once no flow needs it any more, it may go.
    flow = await shelf.draft(LEAN)
    await shelf.flows.publish("main", flow.number, 1, "ad01")
    await shelf.intents.publish(INTENTS, draft.number, 1, "ad01")
    assert "tax" not in shelf.flows.current("main").words.intents


async def test_unknown_versions_are_not_found(shelf: Shelf) -> None:
    for asked in (
        shelf.intents.edit(9, 1, [JUSTICE], "", "ad01"),
        shelf.intents.publish(INTENTS, 9, 1, "ad01"),
        shelf.intents.carry_over(9, "ad01"),
        shelf.intents.overtaken(9, 1),
    ):
        with pytest.raises(NotFound):
            await asked


class Editors(RuleBasedStateMachine):
    """Whatever is edited and switched in whatever order, table and flows agree, nothing that was
    saved is overwritten, and what is in use is what the store says."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.shelf = self.loop.run_until_complete(Shelf().open())
        self.saved: dict[tuple[int, int], str] = {}

    def teardown(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    @rule(pick=st.integers(0, 9), behind=st.integers(0, 1), word=st.sampled_from("甲乙丙丁"))
    def edit(self, pick: int, behind: int, word: str) -> None:
        known = self.loop.run_until_complete(self.shelf.intents.versions(INTENTS))
        version = known[pick % len(known)]
        change = Change(LABOUR, f"说法{word}", True)
        seen = max(version.revision - behind, 1)
        try:
            saved = self.loop.run_until_complete(
                self.shelf.intents.edit(version.number, seen, [change], "", "ad01")
            )
        except Conflict:
            assert seen != version.revision
        else:
            self.saved[saved.number, saved.revision] = saved.body

    @rule(pick=st.integers(0, 9), flow=st.booleans())
    def publish(self, pick: int, flow: bool) -> None:
        service = self.shelf.flows if flow else self.shelf.intents
        name = "main" if flow else INTENTS
        known = self.loop.run_until_complete(service.versions(name))
        version = known[pick % len(known)]
        current = self.loop.run_until_complete(service.published(name))
        assert current is not None
        if version.number != current.number:
            self.loop.run_until_complete(
                service.publish(name, version.number, current.number, "ad02")
            )

    @rule()
    def back(self) -> None:
        current = self.loop.run_until_complete(self.shelf.intents.published(INTENTS))
        assert current is not None
        if current.replaces is not None:
            self.loop.run_until_complete(
                self.shelf.intents.roll_back(INTENTS, current.number, "ad02")
            )

    @invariant()
    def table_and_flows_agree(self) -> None:
        current = self.loop.run_until_complete(self.shelf.intents.published(INTENTS))
        assert current is not None
        assert self.shelf.intents.table.version == current.digest
        for name in ("main", "survey"):
            assert self.shelf.flows.current(name).words is self.shelf.intents.table

    @invariant()
    def nothing_is_overwritten(self) -> None:
        for (number, revision), body in self.saved.items():
            kept = self.loop.run_until_complete(
                self.shelf.intents.as_saved(INTENTS, number, revision)
            )
            assert kept is not None and kept.body == body


TestEditors = Editors.TestCase
TestEditors.settings = settings(max_examples=6, stateful_step_count=8, deadline=None)
