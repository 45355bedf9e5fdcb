"""The service on a store in memory: drafts, filing once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kernel.errors import BadInput, Conflict, NotFound
from kernel.events import CaseFiled, WorkOrderDispatched
from kernel.ids import AuthorityId, CallId, TeamId
from kernel.language import Language
from tests.fakes.case_store import DictCaseStore
from tests.unit.workorders.world import (
    AGENT,
    ANI,
    CALL,
    ENVIRONMENT,
    FUME,
    OTHER_AGENT,
    OTHER_CALL,
    TEAM,
    TIANHE,
    World,
    file,
    reference,
)
from workorders.core.case import (
    Answered,
    CaseContent,
    Dispatched,
    Outcome,
    Submitted,
    TransferredOut,
    Withdrawn,
)
from workorders.core.numbers import CITY_ZONE
from workorders.core.words import (
    CaseEvent,
    CaseState,
    Note,
    OrderKind,
    OrderState,
    RequestType,
    Urgency,
)
from workorders.results import DraftConflict

# --- drafts -----------------------------------------------------------------------------------


async def test_one_agent_has_one_draft_for_one_call(world: World) -> None:
    assert await world.draft() == await world.draft()
    assert await world.draft(call_id=None) != await world.draft(call_id=None)


async def test_a_draft_is_filled_in_from_the_last_case_of_the_number(world: World) -> None:
    await file(world)
    draft = await world.cases.draft(await world.draft(), agent_id=AGENT)

    assert draft.fields == {
        "district": "tianhe",
        "address": "天河区棠下西边大街8号",
        "requester_name": "段先生",
    }


@pytest.mark.parametrize("flag", ["confidential", "anonymous"])
async def test_a_draft_is_never_filled_in_from_a_case_that_hides_who_spoke(
    world: World, flag: str
) -> None:
    await file(world, content=replace(FUME, **{flag: True}))  # type: ignore[arg-type]
    draft = await world.cases.draft(await world.draft(), agent_id=AGENT)

    assert draft.fields == {}


async def test_a_colleague_who_takes_the_call_goes_on_where_the_first_one_stopped(
    world: World,
) -> None:
    await file(world)  # the last case of the number, which the first operator had changed
    first = await world.draft()
    typed = {"description": "油烟很大", "district": "yuexiu"}
    await world.cases.save_draft(first, agent_id=AGENT, revision=1, fields=typed)
    taken = await world.cases.open_draft(
        agent_id=OTHER_AGENT, team=TEAM, call_id=CALL, ani=ANI, language=Language.CANTONESE
    )
    assert taken.draft_id != first
    assert taken.fields == typed
    assert (await world.cases.draft(first, agent_id=AGENT)).fields == typed, "it stays the first's"


async def test_a_draft_of_a_call_takes_what_the_call_book_knows(world: World) -> None:
    known = await world.cases.open_draft_for_call(CALL, agent_id=AGENT, team=TeamId("general"))
    vague = await world.cases.open_draft_for_call(
        OTHER_CALL, agent_id=AGENT, team=TeamId("general")
    )

    assert (known.ani, known.team, known.language) == (ANI, TEAM, Language.CANTONESE)
    assert (vague.team, vague.language) == ("general", Language.MANDARIN)


async def test_a_draft_of_somebody_elses_call_is_not_found(world: World) -> None:
    for call in (CALL, CallId("gz1-0-0")):
        with pytest.raises(NotFound):
            await world.cases.open_draft_for_call(call, agent_id=OTHER_AGENT, team=TEAM)


async def test_each_save_raises_the_revision(world: World) -> None:
    draft_id = await world.draft()
    first = await world.cases.save_draft(
        draft_id, agent_id=AGENT, revision=1, fields={"description": "油烟"}
    )
    second = await world.cases.save_draft(
        draft_id, agent_id=AGENT, revision=2, fields={"description": "油烟很大"}
    )

    assert (first.revision, second.revision) == (2, 3)
    assert second.fields == {"description": "油烟很大"}


async def test_a_save_at_an_old_revision_returns_what_is_kept_and_changes_nothing(
    world: World,
) -> None:
    draft_id = await world.draft()
    await world.cases.save_draft(draft_id, agent_id=AGENT, revision=1, fields={"description": "甲"})
    with pytest.raises(DraftConflict) as caught:
        await world.cases.save_draft(
            draft_id, agent_id=AGENT, revision=1, fields={"description": "乙"}
        )

    assert caught.value.stored.fields == {"description": "甲"}
    assert caught.value.stored.revision == 2
    assert (await world.cases.draft(draft_id, agent_id=AGENT)).fields == {"description": "甲"}


async def test_whose_draft_it_is_counts_before_its_revision(world: World) -> None:
    draft_id = await world.draft()
    with pytest.raises(NotFound):
        await world.cases.save_draft(draft_id, agent_id=OTHER_AGENT, revision=99, fields={})
    with pytest.raises(NotFound):
        await world.cases.draft(draft_id, agent_id=OTHER_AGENT)


@pytest.mark.parametrize(
    "fields", [{"colour": "red"}, {"description": "长" * 4001}, {"x" * 200: "1"}]
)
async def test_a_draft_keeps_only_fields_of_a_form(world: World, fields: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        await world.cases.save_draft(await world.draft(), agent_id=AGENT, revision=1, fields=fields)


async def test_a_filed_draft_is_not_changed_any_more(world: World) -> None:
    draft_id = await world.draft()
    await world.cases.file(draft_id, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE))

    with pytest.raises(Conflict):
        await world.cases.save_draft(draft_id, agent_id=AGENT, revision=1, fields={})
    assert await world.cases.open_drafts(AGENT) == []


async def test_open_drafts_come_last_saved_first(world: World) -> None:
    old = await world.draft(call_id=None)
    world.clock.advance(timedelta(minutes=1))
    new = await world.draft(call_id=None)

    assert [d.draft_id for d in await world.cases.open_drafts(AGENT)] == [new, old]
    assert await world.cases.open_drafts(OTHER_AGENT) == []


# --- filing -----------------------------------------------------------------------------------


async def test_a_dispatched_case_has_one_order_whose_clock_starts_now(world: World) -> None:
    filed = await file(world)
    whole = await world.cases.case(filed.number)
    order = whole.orders[0]

    assert filed.number == "GZ20261124-000001"
    assert order.number == "GZ20261124-000001-01"
    assert (order.authority, order.state, order.kind) == (
        TIANHE,
        OrderState.DISPATCHED,
        OrderKind.MAIN,
    )
    assert order.due.started_at == world.clock.now()
    assert order.due.due_at == datetime(2026, 12, 1, 18, tzinfo=CITY_ZONE)
    assert order.sign_due_at == datetime(2026, 11, 25, 18, tzinfo=CITY_ZONE)
    assert "5个工作日" in order.due_text
    assert order.policy_version == reference().policy.version
    assert whole.case.progress.due == order.due


async def test_assisting_authorities_get_an_order_each(world: World) -> None:
    filed = await file(world, Dispatched(TIANHE, (ENVIRONMENT,)))
    orders = (await world.cases.case(filed.number)).orders

    assert [(o.number[-2:], o.kind, o.authority) for o in orders] == [
        ("01", OrderKind.MAIN, TIANHE),
        ("02", OrderKind.ASSIST, ENVIRONMENT),
    ]


async def test_the_timeline_begins_with_the_registration_and_shows_the_filing(
    world: World,
) -> None:
    draft_id = await world.draft()
    opened_at = world.clock.now()
    world.clock.advance(timedelta(minutes=4))
    filed = await world.cases.file(
        draft_id, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE)
    )
    timeline = (await world.cases.case(filed.number)).timeline

    assert [(e.seq, e.what, e.at) for e in timeline] == [
        (1, Note.OPENED, opened_at),
        (2, CaseEvent.DISPATCHED, world.clock.now()),
    ]
    assert (timeline[1].from_state, timeline[1].to_state) == (
        CaseState.DRAFT,
        CaseState.DISPATCHED,
    )


async def test_filing_tells_the_bus_once_however_often_it_is_sent(world: World) -> None:
    draft_id = await world.draft()
    for expected in (True, False, False):
        filed = await world.cases.file(
            draft_id, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE)
        )
        assert filed.created is expected
        assert filed.number == "GZ20261124-000001"
        assert filed.order is not None

    assert [e.case_number for e in world.bus.of(CaseFiled)] == ["GZ20261124-000001"]
    order = world.bus.of(WorkOrderDispatched)[0]
    assert (order.work_order_number, order.authority, order.call_id) == (
        "GZ20261124-000001-01",
        TIANHE,
        CALL,
    )


async def test_a_repeated_filing_answers_even_if_the_form_is_empty_by_now(world: World) -> None:
    draft_id = await world.draft()
    await world.cases.file(draft_id, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE))
    empty = CaseContent(request_type=RequestType.CONSULT, category="", description="")

    again = await world.cases.file(draft_id, agent_id=AGENT, content=empty, outcome=Submitted())

    assert (again.created, again.state) == (False, CaseState.DISPATCHED)


async def test_an_answer_from_an_article_closes_the_case_at_once(world: World) -> None:
    filed = await file(world, Answered("KB-URB-001"))
    case = (await world.cases.case(filed.number)).case

    assert (case.state, case.closed, case.article_id) == (CaseState.ANSWERED, True, "KB-URB-001")
    assert case.progress.closed_at == world.clock.now()
    assert world.bus.of(CaseFiled)[0].article_id == "KB-URB-001"
    assert world.bus.of(WorkOrderDispatched) == []


async def test_an_answered_case_needs_neither_district_nor_the_categorys_fields(
    world: World,
) -> None:
    bare = replace(FUME, district="", address="", details={})

    assert (await file(world, Answered(answer="已告知办理流程"), bare)).state is CaseState.ANSWERED


async def test_an_emergency_is_sent_on_with_nothing_filled_in(world: World) -> None:
    empty = CaseContent(request_type=RequestType.HELP, category="", description="")
    filed = await file(world, TransferredOut("119", "火警"), empty)
    case = (await world.cases.case(filed.number)).case

    assert (case.state, case.transfer_target, case.team) == (
        CaseState.TRANSFERRED_OUT,
        "119",
        TEAM,
    )


async def test_a_citizen_may_take_it_back_during_the_call(world: World) -> None:
    filed = await file(world, Withdrawn("已自行解决"))

    assert filed.state is CaseState.WITHDRAWN


async def test_a_case_belongs_to_the_team_of_its_category(world: World) -> None:
    content = replace(FUME, category="consumer.market.price", details={"merchant": "水果店"})
    filed = await file(world, content=content)

    assert (await world.cases.case(filed.number)).case.team == "consumer"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"category": ""}, "category"),
        ({"category": "urban.environment"}, "category"),
        ({"category": "no.such.thing"}, "category"),
        ({"description": "  "}, "description"),
        ({"description": "长" * 4001}, "description"),
        ({"district": ""}, "district"),
        ({"district": "atlantis"}, "district"),
        ({"address": ""}, "address"),
        ({"details": {}}, "source_name"),
        ({"details": {"source_name": "店", "colour": "red"}}, "colour"),
        ({"details": {"source_name": "店", "tracking_number": "1=1"}}, "tracking_number"),
        ({"contact_number": "abc"}, "contact_number"),
    ],
)
async def test_bad_input_names_the_field_and_keeps_nothing(
    world: World, change: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        await file(world, content=replace(FUME, **change))  # type: ignore[arg-type]

    assert caught.value.field == field
    assert isinstance(world.store, DictCaseStore)
    assert world.store.files == {}
    assert world.bus.published == []


@pytest.mark.parametrize(
    ("outcome", "field"),
    [
        (Dispatched(AuthorityId("")), "authority"),
        (Dispatched(AuthorityId("ministry-of-magic")), "authority"),
        (Dispatched(TIANHE, (AuthorityId("nobody"),)), "authority"),
        (Answered(), "answer"),
        (Answered(answer="  "), "answer"),
        (Answered("KB-NONE"), "article_id"),
        (Answered(answer="长" * 4001), "answer"),
        (TransferredOut("", "火警"), "target"),
        (TransferredOut("119", ""), "reason"),
        (TransferredOut("008613800138000", "请转"), "target"),
        (Withdrawn(""), "reason"),
    ],
)
async def test_an_incomplete_outcome_names_the_field(
    world: World, outcome: Outcome, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        await file(world, outcome)

    assert caught.value.field == field


async def test_what_is_missing_is_known_before_sending(world: World) -> None:
    empty = world.cases.content_of({"category": "consumer.delivery.lost"})

    assert world.cases.missing_fields(empty, Dispatched) == (
        "district",
        "address",
        "description",
        "tracking_number",
        "mailing_address",
        "receiving_address",
    )
    assert world.cases.missing_fields(empty, Answered) == ("description",)
    assert world.cases.missing_fields(empty, TransferredOut) == ()


async def test_the_form_says_its_content(world: World) -> None:
    content = world.cases.content_of(
        {
            "request_type": "complaint",
            "urgency": "urgent",
            "confidential": "1",
            "anonymous": "",
            "category": "urban.environment.fume",
            "source_name": " 老城火锅店 ",
            "outcome": "dispatched",
        }
    )

    assert content.urgency is Urgency.URGENT
    assert (content.confidential, content.anonymous) == (True, False)
    assert content.details == {"source_name": "老城火锅店"}


@pytest.mark.parametrize("field", ["request_type", "urgency"])
async def test_an_unknown_choice_is_refused_by_name_unless_the_form_is_half_typed(
    world: World, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        world.cases.content_of({field: "shout"})

    assert caught.value.field == field
    assert world.cases.lenient_content_of({field: "shout"}).urgency is Urgency.NORMAL
