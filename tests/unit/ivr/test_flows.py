"""Versions of flows: drafts, publishing, rolling back, and what calls begin with meanwhile."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ivr.adapters.flow_files import digest
from ivr.core.funnel import StepKind
from ivr.core.versions import (
    TRANSITIONS,
    Version,
    VersionEvent,
    VersionState,
    moved,
    publish,
    roll_back,
)
from ivr.flows import Flaw
from kernel.errors import BadInput, ConfigurationError, Conflict, InvalidTransition, NotFound
from tests.fakes.clock import NOON
from tests.unit.ivr.shelf import BROKEN, OTHER, SHIPPED, THIRD, Shelf
from tests.unit.ivr.shipped import CONFIG


@pytest.fixture
async def shelf() -> Shelf:
    return await Shelf().open()


# --- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(VersionState))
@pytest.mark.parametrize("event", list(VersionEvent))
def test_every_pair_either_moves_as_the_table_says_or_changes_nothing(
    state: VersionState, event: VersionEvent
) -> None:
    version = Version(
        name="main", number=1, digest="d", body="", note="", state=state, revision=1,
        created_by="ad01",
            created_at=NOON, saved_by="ad01", saved_at=NOON,
    )  # fmt: skip
    expected = TRANSITIONS.get((state, event))
    if expected is None:
        with pytest.raises(InvalidTransition):
            moved(version, event)
    else:
        assert moved(version, event).state is expected


class Clicks(RuleBasedStateMachine):
    """Whatever is clicked in whatever order, exactly one version is published."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[int, Version] = {}
        self.add()
        self._take(publish(self.versions[1], None, "ad01", NOON))

    def _take(self, changed: tuple[Version, ...]) -> None:
        self.versions |= {v.number: v for v in changed}

    @property
    def current(self) -> Version:
        (one,) = [v for v in self.versions.values() if v.state is VersionState.PUBLISHED]
        return one

    @rule()
    def add(self) -> None:
        number = len(self.versions) + 1
        self.versions[number] = Version(
            name="main", number=number, digest=str(number), body="", note="",
            state=VersionState.DRAFT, revision=1, created_by="ad01",
            created_at=NOON, saved_by="ad01", saved_at=NOON,
        )  # fmt: skip

    @rule(pick=st.integers(0, 50))
    def publish_one(self, pick: int) -> None:
        version = self.versions[pick % len(self.versions) + 1]
        if version.number == self.current.number:
            with pytest.raises(InvalidTransition):
                publish(version, self.current, "ad01", NOON)
        else:
            self._take(publish(version, self.current, "ad01", NOON))

    @rule()
    def go_back(self) -> None:
        current = self.current
        if current.replaces is not None:
            before = self.versions[current.replaces]
            self._take(roll_back(current, before, "ad01", NOON))
            assert self.current.number == before.number

    @invariant()
    def one_is_published_and_no_draft_was_ever(self) -> None:
        assert self.current.published_at is not None
        drafts = [v for v in self.versions.values() if v.state is VersionState.DRAFT]
        assert all(v.published_at is None and v.replaces is None for v in drafts)


TestClicks = Clicks.TestCase
TestClicks.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


# --- the service ---------------------------------------------------------------------------------


async def test_first_start_publishes_what_was_shipped(shelf: Shelf) -> None:
    (only,) = await shelf.flows.versions("main")
    assert (only.number, only.state, only.created_by) == (1, VersionState.PUBLISHED, "system")
    assert shelf.now == digest(SHIPPED["main"])
    assert shelf.audit.actions == ["intents_published", "flow_published", "flow_published"]


async def test_next_start_adds_nothing(shelf: Shelf) -> None:
    again = await Shelf(shelf.store).open()
    assert len(await again.flows.versions("main")) == 1
    assert again.audit.actions == []


async def test_new_shipped_text_replaces_a_shipped_one(shelf: Shelf) -> None:
    newer = await Shelf(shelf.store, main=THIRD).open()
    assert newer.now == digest(THIRD)


async def test_new_shipped_text_waits_as_a_draft_where_people_have_published_their_own(
    shelf: Shelf,
) -> None:
    draft = await shelf.draft()
    await shelf.flows.publish("main", draft.number, 1, "ad01")
    newer = await Shelf(shelf.store, main=THIRD).open()
    assert newer.now == digest(OTHER)
    assert (await newer.flows.versions("main"))[0].state is VersionState.DRAFT


async def test_published_version_is_switched_to_and_recorded(shelf: Shelf) -> None:
    draft = await shelf.draft()
    published = await shelf.flows.publish("main", draft.number, 1, "ad01")
    assert shelf.now == shelf.switched[-1] == digest(OTHER)
    assert (published.published_by, published.replaces) == ("ad01", 1)
    assert (await shelf.flows.version("main", 1)).state is VersionState.SUPERSEDED
    last = shelf.audit.entries[-1]
    assert (last.who, last.action, last.object_id) == ("ad01", "flow_published", "main@2")


async def test_one_click_brings_the_version_before_back_and_another_the_one_before_that(
    shelf: Shelf,
) -> None:
    for body in (OTHER, THIRD):
        draft = await shelf.draft(body)
        await shelf.flows.publish("main", draft.number, draft.number - 1, "ad01")
    await shelf.flows.roll_back("main", 3, "ad02")
    assert shelf.now == digest(OTHER)
    assert (await shelf.flows.version("main", 3)).state is VersionState.ROLLED_BACK
    await shelf.flows.roll_back("main", 2, "ad02")
    assert shelf.now == digest(SHIPPED["main"])
    with pytest.raises(Conflict):
        await shelf.flows.roll_back("main", 1, "ad02")
    assert shelf.audit.actions[-2:] == ["flow_rolled_back", "flow_rolled_back"]


async def test_version_that_was_rolled_back_may_be_published_again(shelf: Shelf) -> None:
    draft = await shelf.draft()
    await shelf.flows.publish("main", draft.number, 1, "ad01")
    await shelf.flows.roll_back("main", 2, "ad01")
    await shelf.flows.publish("main", 2, 1, "ad01")
    assert shelf.now == digest(OTHER)


async def test_two_people_who_publish_at_once_do_not_overwrite_each_other(shelf: Shelf) -> None:
    one, other = await shelf.draft(OTHER), await shelf.draft(THIRD)
    await shelf.flows.publish("main", one.number, 1, "ad01")
    with pytest.raises(Conflict):
        await shelf.flows.publish("main", other.number, 1, "ad02")
    assert shelf.now == digest(OTHER)


async def test_two_people_who_edit_one_draft_do_not_overwrite_each_other(shelf: Shelf) -> None:
    draft = await shelf.draft()
    seen = (draft.number, draft.revision)
    saved = await shelf.flows.save_draft("main", THIRD, "", "ad01", seen)
    assert saved.revision == draft.revision + 1
    with pytest.raises(Conflict):
        await shelf.flows.save_draft("main", OTHER, "", "ad02", seen)
    assert (await shelf.flows.version("main", draft.number)).body == THIRD


async def test_published_version_cannot_be_edited(shelf: Shelf) -> None:
    with pytest.raises(Conflict):
        await shelf.flows.save_draft("main", OTHER, "", "ad01", (1, 1))


async def test_broken_draft_can_be_kept_and_not_published(shelf: Shelf) -> None:
    draft = await shelf.draft(BROKEN)
    with pytest.raises(BadInput, match=r"main@2:\d+: .*nowhere"):
        await shelf.flows.publish("main", draft.number, 1, "ad01")
    assert shelf.now == digest(SHIPPED["main"])
    assert shelf.audit.actions == ["intents_published", "flow_published", "flow_published"]


@pytest.mark.parametrize("body", ["", "  \n", "x" * 64_001])
async def test_draft_without_or_with_too_much_text_is_refused(shelf: Shelf, body: str) -> None:
    with pytest.raises(BadInput):
        await shelf.draft(body)


async def test_flaws_are_told_with_their_lines() -> None:
    flows = (await Shelf().open()).flows
    line = BROKEN.splitlines().index("    silence: nowhere") + 1
    assert await flows.flaws("main", BROKEN) == (
        Flaw(line, "step 'greeting_three', silence: leads to the unknown step 'nowhere'"),
    )
    assert await flows.flaws("main", SHIPPED["main"]) == ()


@pytest.mark.parametrize(
    "body",
    [
        "flow: [",
        "{" * 60_000,
        "[" * 30_000 + "]" * 30_000,
        "- " * 30_000,
        "\n".join(" " * n + "a:" for n in range(300)),
        "&a [*a]",
        "\x00",
        "a: !!python/object 1",
    ],
)
async def test_text_that_is_no_flow_has_a_flaw_and_keeps_nobody_waiting(body: str) -> None:
    # The parser recurses: five thousand brackets kept it, and the callers with it, for 12 s.
    started = time.process_time()
    assert await (await Shelf().open()).flows.flaws("main", body)
    assert time.process_time() - started < 1


async def test_flow_is_not_published_in_the_place_of_another() -> None:
    assert await (await Shelf().open()).flows.flaws("main", SHIPPED["survey"])


async def test_published_version_that_has_become_unusable_leaves_the_shipped_one(
    shelf: Shelf,
) -> None:
    draft = await shelf.draft()
    await shelf.flows.publish("main", draft.number, 1, "ad01")
    kept = shelf.store.kept["main", 2]
    shelf.store.kept["main", 2] = Version(
        **{**{f: getattr(kept, f) for f in kept.__slots__}, "body": BROKEN, "digest": "broken"}
    )
    again = await Shelf(shelf.store).open()
    assert again.now == digest(SHIPPED["main"])
    assert "published_flow_unusable" in again.log.events


async def test_wrong_shipped_text_stops_the_start() -> None:
    with pytest.raises(ConfigurationError):
        await Shelf(main=BROKEN).open()


async def test_unknown_flows_and_versions_are_not_found(shelf: Shelf) -> None:
    with pytest.raises(NotFound):
        shelf.flows.current("other")
    with pytest.raises(NotFound):
        await shelf.flows.version("main", 99)
    with pytest.raises(NotFound):
        await shelf.flows.save_draft("other", OTHER, "", "ad01")


async def test_funnel_is_told_which_steps_lead_to_a_person_and_which_are_last(
    shelf: Shelf,
) -> None:
    main, survey = shelf.now, shelf.flows.current("survey").version
    assert shelf.flows.kind_of("main", main, "person") is StepKind.TO_PERSON
    assert shelf.flows.kind_of("main", main, "greeting_three") is StepKind.OTHER
    assert shelf.flows.kind_of("survey", survey, "thanks") is StepKind.LAST
    assert shelf.flows.kind_of("main", "unseen", "person") is StepKind.OTHER


def test_shipped_files_are_where_the_service_looks() -> None:
    assert {path.stem for path in Path(CONFIG).glob("*.yaml")} >= set(SHIPPED)
