"""The service on a store in memory: drafts, filing once, dispatch, reading, revealing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kernel.errors import BadInput, Conflict, InvalidTransition, NotAllowed, NotFound
from kernel.events import CaseFiled, WorkOrderDispatched
from kernel.ids import AuthorityId, CallId, TeamId
from kernel.language import Language
from tests.fakes.case_store import DictCaseStore
from tests.fakes.clock import SetClock
from tests.unit.workorders.world import (
    ADMINISTRATOR,
    AGENT,
    ANI,
    CALL,
    DISPATCHER,
    ENVIRONMENT,
    FUME,
    OPERATOR,
    OTHER_AGENT,
    OTHER_CALL,
    QUALITY,
    SUPERVISOR,
    TEAM,
    TIANHE,
    World,
    reference,
)
from workorders.core.calendar import CalendarYear, WorkCalendar
from workorders.core.case import (
    Answered,
    CaseContent,
    CaseFilter,
    Dispatched,
    Outcome,
    Submitted,
    TransferredOut,
    Withdrawn,
)
from workorders.core.numbers import CITY_ZONE
from workorders.core.words import (
    Actor,
    CaseEvent,
    CaseState,
    Note,
    OrderKind,
    OrderState,
    RequestType,
    Urgency,
)
from workorders.results import DraftConflict, FiledCase
from workorders.service import Cases


@pytest.fixture
def world() -> World:
    return World()


async def file(
    world: World, outcome: Outcome | None = None, content: CaseContent = FUME, ani: str = ANI
) -> FiledCase:
    draft_id = await world.draft(call_id=None, ani=ani)
    return await world.cases.file(
        draft_id, agent_id=AGENT, content=content, outcome=outcome or Dispatched(TIANHE)
    )


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


# --- after filing -----------------------------------------------------------------------------


async def submitted(world: World) -> str:
    return (await file(world, Submitted())).number


async def test_the_clock_starts_when_the_dispatcher_dispatches(world: World) -> None:
    number = await submitted(world)
    world.clock.advance(timedelta(hours=3))
    whole = await world.cases.dispatch(number, by=DISPATCHER, authority=TIANHE, version=1)

    assert whole.case.state is CaseState.DISPATCHED
    assert whole.orders[0].due.started_at == world.clock.now()
    assert whole.timeline[-1].account == DISPATCHER.account
    assert world.bus.of(WorkOrderDispatched)[0].case_number == number


async def test_permission_is_checked_before_the_version_and_even_before_existence(
    world: World,
) -> None:
    number = await submitted(world)
    for wrong in (number, "GZ20000101-000001"):
        for version in (1, 99):
            with pytest.raises(NotAllowed):
                await world.cases.dispatch(wrong, by=OPERATOR, authority=TIANHE, version=version)
            with pytest.raises(NotAllowed):
                await world.cases.withdraw(
                    wrong, by=QUALITY, reason="x", verified="y", version=version
                )


async def test_a_function_that_never_does_this_is_refused_before_the_version(
    world: World,
) -> None:
    number = await submitted(world)
    with pytest.raises(NotAllowed):
        await world.cases.advance(
            number,
            event=CaseEvent.CLOSED,
            actor=Actor.AGENT,
            account="op0001",
            particulars={},
            version=99,
        )


async def test_an_old_version_is_a_conflict_and_changes_nothing(world: World) -> None:
    number = await submitted(world)
    with pytest.raises(Conflict):
        await world.cases.dispatch(number, by=DISPATCHER, authority=TIANHE, version=0)

    assert (await world.cases.case(number)).case.state is CaseState.PENDING_DISPATCH


async def test_a_case_is_dispatched_once(world: World) -> None:
    number = await submitted(world)
    await world.cases.dispatch(number, by=DISPATCHER, authority=TIANHE, version=1)
    with pytest.raises(InvalidTransition):
        await world.cases.dispatch(number, by=DISPATCHER, authority=TIANHE, version=2)


async def test_a_withdrawn_case_cancels_its_orders(world: World) -> None:
    filed = await file(world)
    whole = await world.cases.withdraw(
        filed.number, by=DISPATCHER, reason="已自行协商", verified="来电核实", version=1
    )

    assert whole.case.closed
    assert [o.state for o in whole.orders] == [OrderState.CANCELLED]
    assert whole.orders[0].closed_at == world.clock.now()


async def test_a_withdrawal_says_how_the_citizen_was_recognised(world: World) -> None:
    filed = await file(world)
    with pytest.raises(BadInput) as caught:
        await world.cases.withdraw(
            filed.number, by=OPERATOR, reason="已解决", verified=" ", version=1
        )
    assert caught.value.field == "requester_verified"


async def test_an_extension_keeps_the_start_and_moves_the_end(world: World) -> None:
    filed = await file(world)
    await world.cases.advance(
        filed.number,
        event=CaseEvent.SIGNED,
        actor=Actor.AUTHORITY,
        account="gov-tianhe",
        particulars={"handler": "李工"},
        version=1,
    )
    assert filed.order is not None
    wanted = filed.order.due.due_at + timedelta(days=2)
    whole = await world.cases.advance(
        filed.number,
        event=CaseEvent.EXTENDED,
        actor=Actor.DISPATCHER,
        account="ad05",
        particulars={"reason": "需检测", "citizen_told": "已告知"},
        version=2,
        due_at=wanted,
    )

    assert whole.case.progress.extended
    assert whole.orders[0].due.due_at == wanted
    assert whole.orders[0].state is OrderState.IN_PROGRESS
    assert whole.orders[0].signed_at == world.clock.now()


async def test_another_call_is_joined_to_the_case_once(world: World) -> None:
    filed = await file(world)
    for _ in range(2):
        whole = await world.cases.link_call(filed.number, OTHER_CALL, by=OPERATOR)

    assert whole.calls == (OTHER_CALL,)
    assert [e.what for e in whole.timeline].count(Note.CALL_LINKED) == 1
    assert [c.number for c in await world.cases.cases_of_call(OTHER_CALL)] == [filed.number]


async def test_only_ones_own_call_is_joined(world: World) -> None:
    filed = await file(world)
    with pytest.raises(NotFound):
        await world.cases.link_call(filed.number, CallId("gz1-9-9"), by=OPERATOR)
    with pytest.raises(NotAllowed):
        await world.cases.link_call(filed.number, OTHER_CALL, by=DISPATCHER)


async def test_a_reveal_is_in_the_audit_trail_and_in_the_timeline(world: World) -> None:
    filed = await file(world, content=replace(FUME, confidential=True))
    identity = await world.cases.reveal(filed.number, by=SUPERVISOR, reason="核实举报线索")

    assert (identity.name, identity.number) == ("段先生", ANI)
    entry = world.audit.entries[0]
    assert (entry.who, entry.action, entry.object_id) == (
        "ad02",
        "identity_revealed",
        filed.number,
    )
    last = (await world.cases.case(filed.number)).timeline[-1]
    assert (last.what, last.account) == (Note.IDENTITY_REVEALED, "ad02")
    assert ANI not in str(entry.detail) + str(last.particulars)


@pytest.mark.parametrize("viewer", [OPERATOR, QUALITY, DISPATCHER, ADMINISTRATOR])
async def test_nobody_without_the_grant_reveals(world: World, viewer: object) -> None:
    filed = await file(world, content=replace(FUME, confidential=True))
    with pytest.raises(NotAllowed):
        await world.cases.reveal(filed.number, by=viewer, reason="想看")  # type: ignore[arg-type]

    assert world.audit.entries == []


async def test_a_reveal_needs_a_reason(world: World) -> None:
    filed = await file(world, content=replace(FUME, confidential=True))
    for reason in ("  ", "长" * 501):
        with pytest.raises(BadInput):
            await world.cases.reveal(filed.number, by=SUPERVISOR, reason=reason)

    assert world.audit.entries == []


async def test_a_failing_audit_keeps_the_identity_closed(world: World) -> None:
    class Broken:
        async def record(self, **_: object) -> None:
            raise ConnectionError("audit is away")

    filed = await file(world, content=replace(FUME, confidential=True))
    world.cases._audit = Broken()
    with pytest.raises(ConnectionError):
        await world.cases.reveal(filed.number, by=SUPERVISOR, reason="核实")

    assert len((await world.cases.case(filed.number)).timeline) == 2


async def test_a_provisional_clock_moves_when_the_official_year_is_known() -> None:
    world = World(clock=SetClock(datetime(2026, 12, 28, 10, tzinfo=CITY_ZONE)))
    filed = await file(world)
    assert filed.order is not None
    assert filed.order.due.provisional
    official = CalendarYear(
        2027, True, frozenset({filed.order.due.due_at.date()}), frozenset(), "通知"
    )
    calendar = reference().calendar
    years = (*(y for y in calendar.years if y.year != 2027), official)
    later = Cases(
        store=world.store,
        reference=replace(reference(), calendar=WorkCalendar(calendar.zone, calendar.hours, years)),
        city=world.cases.city,
        articles=world.cases._articles,
        calls=world.calls,
        audit=world.audit,
        bus=world.bus,
        clock=world.clock,
        ids=world.ids,
    )

    assert await later.recalculate_provisional() == 1
    whole = await later.case(filed.number)
    assert whole.case.progress.due is not None
    assert not whole.case.progress.due.provisional
    assert whole.case.progress.due.due_at != filed.order.due.due_at
    assert whole.orders[0].due == whole.case.progress.due
    assert whole.timeline[-1].what is Note.DUE_RECALCULATED
    assert await later.recalculate_provisional() == 0


async def test_the_same_calendar_moves_no_clock() -> None:
    world = World(clock=SetClock(datetime(2026, 12, 28, 10, tzinfo=CITY_ZONE)))
    filed = await file(world)

    assert await world.cases.recalculate_provisional() == 0
    assert len((await world.cases.case(filed.number)).timeline) == 2


# --- reading ----------------------------------------------------------------------------------


async def test_the_screen_pop_shows_the_last_twenty_cases_and_the_open_orders(
    world: World,
) -> None:
    for _ in range(22):
        world.clock.advance(timedelta(minutes=1))
        await file(world, Answered(answer="已答复"))
    urgent = await file(world, content=replace(FUME, urgency=Urgency.URGENT))
    normal = await file(world)
    history = await world.cases.history(ANI)

    assert len(history.cases) == 20
    assert history.cases[0].number == normal.number
    assert [o.case_number for o in history.open_orders] == [urgent.number, normal.number]


async def test_the_screen_pop_keeps_the_words_of_hidden_cases_back(world: World) -> None:
    await file(world, content=replace(FUME, confidential=True))
    case = (await world.cases.history(ANI)).cases[0]

    assert case.title == ""
    assert case.content.requester_name == ""


async def test_an_anonymous_caller_has_no_history(world: World) -> None:
    await file(world, ani="")

    assert (await world.cases.history("")).cases == ()


async def test_a_search_by_words_reaches_ninety_days_unless_days_are_given(world: World) -> None:
    filed = await file(world)
    long_ago = world.clock.now() - timedelta(days=1)
    world.clock.advance(timedelta(days=91))

    recent = await world.cases.search(CaseFilter(text="油烟"), viewer=OPERATOR)
    wider = await world.cases.search(CaseFilter(text="油烟", since=long_ago), viewer=OPERATOR)

    assert list(recent.rows) == []
    assert [c.number for c in wider.rows] == [filed.number]


async def test_words_and_numbers_do_not_find_hidden_cases_for_those_without_the_grant(
    world: World,
) -> None:
    filed = await file(world, content=replace(FUME, confidential=True))
    for wanted in (CaseFilter(text="油烟"), CaseFilter(ani=ANI)):
        assert list((await world.cases.search(wanted, viewer=OPERATOR)).rows) == []
        found = (await world.cases.search(wanted, viewer=SUPERVISOR)).rows
        assert [c.number for c in found] == [filed.number]


async def test_an_export_is_in_the_audit_trail_before_it_leaves(world: World) -> None:
    await world.cases.audit_export(SUPERVISOR, CaseFilter(state=CaseState.CLOSED))
    with pytest.raises(NotAllowed):
        await world.cases.audit_export(DISPATCHER, CaseFilter())

    assert world.audit.actions == ["cases_exported"]


async def test_the_district_government_comes_first_where_the_category_says_so(
    world: World,
) -> None:
    choice = world.cases.authorities_for("urban.environment.fume", "tianhe")

    assert [a.authority_id for a in choice.suggested] == [TIANHE, ENVIRONMENT]
    assert len(choice.everybody) == 123
    assert [a.authority_id for a in world.cases.authorities_for("", "").suggested] == []


async def test_an_unknown_case_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.cases.case("GZ20261124-000999")


async def test_templates_and_self_service_are_served_as_reviewed(world: World) -> None:
    assert len(world.cases.templates()) == 8
    assert len(world.cases.self_service_items()) == 11
    assert world.cases.guess("油烟", TEAM)[0].category.category_id == "urban.environment.fume"
