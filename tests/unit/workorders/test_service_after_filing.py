"""The service on a store in memory: dispatch, revealing, reading, searching."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kernel.errors import BadInput, Conflict, InvalidTransition, NotAllowed, NotFound
from kernel.events import WorkOrderDispatched
from kernel.ids import CallId
from tests.fakes.clock import SetClock
from tests.unit.workorders.world import (
    ADMINISTRATOR,
    ANI,
    DISPATCHER,
    ENVIRONMENT,
    FUME,
    OPERATOR,
    OTHER_CALL,
    QUALITY,
    SUPERVISOR,
    TEAM,
    TIANHE,
    World,
    file,
    reference,
    submitted,
)
from workorders.core.calendar import CalendarYear, WorkCalendar
from workorders.core.case import (
    Answered,
    CaseFilter,
)
from workorders.core.numbers import CITY_ZONE
from workorders.core.words import (
    Actor,
    CaseEvent,
    CaseState,
    Note,
    OrderState,
    Urgency,
)
from workorders.service import Cases

# --- after filing -----------------------------------------------------------------------------


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
