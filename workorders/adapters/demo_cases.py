"""The demo city's past: some four hundred cases of the last sixty days, made deterministically.

Every case is led through the lifecycle's own transitions, so nothing here can stand where a real
case could not. The choice of scenario, caller and fate comes from a hash of the case's ordinal.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from kernel.ids import AgentId, AuthorityId, EventId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from workorders.adapters.case_store import SqlCaseStore
from workorders.adapters.city_files import FileCity
from workorders.adapters.demo_fates import Step, fate_of
from workorders.adapters.demo_texts import DemoTexts, Scenario, load_demo_texts
from workorders.adapters.reference_files import load_reference
from workorders.adapters.tables import CaseRow, CaseSequenceRow
from workorders.core import filing
from workorders.core.case import (
    Answered,
    Case,
    CaseContent,
    Dispatched,
    Outcome,
    Submitted,
    TransferredOut,
    WorkOrder,
)
from workorders.core.course import Course, note
from workorders.core.lifecycle import Happening, Progress
from workorders.core.numbers import CITY_ZONE, case_number, city_day
from workorders.core.words import Actor, CaseEvent, CaseState, Note
from workorders.ports import NewCase
from workorders.reference import Reference

CASES = 400
DAYS = 60
OPERATORS = 759
_DRAFT = "demo-"
_SIMULATED_NUMBERS = 60
_OTHER_NUMBERS = 120
_NIGHTS = ("23时30分", "凌晨1时", "22时以后", "23时至次日2时")


async def seed(database: Database, config_dir: Path, *, now: datetime) -> int:
    """Fill in the past as seen from `now` (aware). Idempotent: a second run adds nothing.

    Returns how many demo cases there are. Raises ConfigurationError for faulty data.
    """
    present = await _count(database)
    if present:
        return present
    city = FileCity(config_dir)
    reference = load_reference(config_dir, city)
    texts = load_demo_texts(config_dir / "demo_cases.yaml", reference.tree)
    maker = _Maker(reference, city, texts, now)
    plan = maker.plan()
    taken = await _reserve(database, {day: len(rest) for day, rest in plan.items()})
    made = [
        maker.make(ordinal, case_number(day, taken[day] + position), filed_at)
        for day, cases in plan.items()
        for position, (ordinal, filed_at) in enumerate(cases, start=1)
    ]
    await SqlCaseStore(database).keep(made)
    return len(made)


async def _count(database: Database) -> int:
    async with database.reading() as session:
        found = await session.scalar(
            select(func.count())
            .select_from(CaseRow)
            .where(CaseRow.draft_id >= _DRAFT, CaseRow.draft_id < f"{_DRAFT}~")
        )
        return found or 0


async def _reserve(database: Database, wanted: dict[date, int]) -> dict[date, int]:
    """Take `wanted` numbers of each day; the last number given out before, by day."""
    insert = sqlite_insert if database.is_sqlite else postgresql_insert
    taken: dict[date, int] = {}
    async with database.session() as session:
        for day, count in wanted.items():
            statement = insert(CaseSequenceRow).values(day=day, last=count)
            raised = statement.on_conflict_do_update(
                index_elements=[CaseSequenceRow.day], set_={"last": CaseSequenceRow.last + count}
            ).returning(CaseSequenceRow.last)
            taken[day] = int((await session.execute(raised)).scalar_one()) - count
    return taken


def _chance(ordinal: int, what: str) -> int:
    """A number that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{ordinal}:{what}".encode()).digest()
    return int.from_bytes(digest[:6])


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the cases; holds the data that all of them draw from."""

    reference: Reference
    city: FileCity
    texts: DemoTexts
    now: datetime

    def plan(self) -> dict[date, list[tuple[int, datetime]]]:
        """When each case was filed: day of the city -> ordinals and moments, oldest first.

        Most calls come between 8 and 22 o'clock; the newest case is an hour old at least.
        """
        moments = []
        for ordinal in range(CASES):
            back = _chance(ordinal, "day") % DAYS
            day = city_day(self.now) - timedelta(days=back)
            minute = 8 * 60 + _chance(ordinal, "minute") % (14 * 60)
            if _chance(ordinal, "night") % 12 == 0:
                minute = _chance(ordinal, "minute") % (8 * 60)
            midnight = datetime.combine(day, datetime.min.time(), CITY_ZONE)
            at = midnight + timedelta(minutes=minute, seconds=_chance(ordinal, "second") % 60)
            if at > self.now - timedelta(hours=1):
                at -= timedelta(days=1)
            moments.append((at.astimezone(self.now.tzinfo), ordinal))
        planned: dict[date, list[tuple[int, datetime]]] = defaultdict(list)
        for at, ordinal in sorted(moments):
            planned[city_day(at)].append((ordinal, at))
        return dict(planned)

    def make(self, ordinal: int, number: str, filed_at: datetime) -> NewCase:
        scenario = self._scenario(ordinal)
        case = self._registered(ordinal, number, filed_at, scenario)
        course = Course(self.reference.policy, self.reference.calendar)
        outcome = self._outcome(case, scenario)
        due = None
        if isinstance(outcome, Dispatched):
            due = course.clock_of(case, CaseEvent.DISPATCHED, filed_at)
        happening = filing.happening_of(outcome, account=case.agent_id, at=filed_at, due=due)
        opened_at = filed_at - timedelta(seconds=90 + _chance(ordinal, "talk") % 300)
        entries = [
            note(
                case,
                Note.OPENED,
                Actor.AGENT,
                case.agent_id,
                opened_at,
                EventId(f"{number}/1"),
                seq=1,
            )
        ]
        orders: dict[str, WorkOrder] = {}
        present = filed_at
        fate = fate_of(case, _chance(ordinal, "fate"), outcome, self.now - filed_at)
        for seq, stage in enumerate((None, *fate), start=2):
            if stage is not None:
                present = present + stage.after
                if present > self.now:
                    break
                happening = self._happening(course, case, stage, present)
            moved = course.move(
                case, tuple(orders.values()), happening, EventId(f"{number}/{seq}"), seq=seq
            )
            case = moved.case
            orders.update({o.number: o for o in moved.orders})
            entries.append(moved.entry)
        return NewCase(
            case=case,
            orders=tuple(orders[n] for n in sorted(orders)),
            entries=tuple(entries),
            calls=(),
        )

    def _happening(self, course: Course, case: Case, stage: Step, at: datetime) -> Happening:
        due_at = None
        if stage.event is CaseEvent.EXTENDED and case.progress.due is not None:
            due_at = case.progress.due.due_at + timedelta(days=2)
        particulars = dict(stage.particulars)
        if stage.event is CaseEvent.DISPATCHED:
            particulars["authority"] = self._authority(case)
        return Happening(
            event=stage.event,
            actor=stage.actor,
            account=stage.account or str(case.progress.authority),
            at=at,
            particulars=particulars,
            due=course.clock_of(case, stage.event, at, due_at),
        )

    def _authority(self, case: Case) -> AuthorityId:
        government = next(
            a.authority_id for a in self.city.authorities() if a.district == case.content.district
        )
        return self.reference.tree.suggested(case.content.category, government)[0]

    def _outcome(self, case: Case, scenario: Scenario) -> Outcome:
        match scenario.outcome:
            case "answered":
                return Answered(scenario.article, scenario.answer)
            case "submitted":
                return Submitted()
            case "transferred_out":
                return TransferredOut(scenario.target, "不属于12345受理范围，已转接")
            case _:
                return Dispatched(self._authority(case))

    def _scenario(self, ordinal: int) -> Scenario:
        left = _chance(ordinal, "scenario") % sum(s.weight for s in self.texts.scenarios)
        for scenario in self.texts.scenarios:
            left -= scenario.weight
            if left < 0:
                return scenario
        raise AssertionError("the weights add up to more than the draw")

    def _registered(
        self, ordinal: int, number: str, filed_at: datetime, scenario: Scenario
    ) -> Case:
        caller = _chance(ordinal, "caller") % (_SIMULATED_NUMBERS + _OTHER_NUMBERS)
        districts = list(self.texts.places)
        district = districts[caller % len(districts)]
        streets = self.texts.places[district]
        name = next(d.name for d in self.city.districts() if d.district_id == district)
        street = streets[_chance(caller, "street") % len(streets)]
        words = {
            "place": f"{name}{street}",
            "company": self._pick(self.texts.companies, ordinal, "company"),
            "n": str(2 + _chance(ordinal, "n") % 7),
            "when": self._pick(_NIGHTS, ordinal, "when"),
        }
        category = self.reference.tree.leaf(scenario.category)
        answered = scenario.outcome == "answered"
        content = CaseContent(
            request_type=scenario.request_type,
            category=scenario.category,
            description=scenario.text.format(**words),
            district="" if answered else district,
            address="" if answered else f"{name}{street}{1 + _chance(caller, 'house') % 280}号",
            urgency=scenario.urgency,
            confidential=scenario.confidential,
            anonymous=scenario.anonymous,
            requester_name="" if scenario.anonymous else self._name(caller),
            details={k: v.format(**words) for k, v in scenario.details.items()},
        )
        agent = AgentId(f"op{1 + _chance(ordinal, 'agent') % OPERATORS:04}")
        return Case(
            number=number,
            filed_at=filed_at,
            content=content,
            progress=Progress(CaseState.DRAFT, filed_by=agent),
            team=TeamId(category.team),
            ani=_number(caller),
            language=self._language(ordinal),
            agent_id=agent,
            draft_id=f"{_DRAFT}{ordinal:04}",
            article_id=scenario.article if answered else None,
            answer=scenario.answer,
            transfer_target=scenario.target,
        )

    def _name(self, caller: int) -> str:
        surname = self._pick(self.texts.surnames, caller, "surname")
        return surname + self._pick(self.texts.titles, caller, "title")

    def _language(self, ordinal: int) -> Language:
        draw = _chance(ordinal, "language") % 20
        if draw < 12:
            return Language.MANDARIN
        return Language.CANTONESE if draw < 19 else Language.ENGLISH

    def _pick(self, choices: tuple[str, ...], ordinal: int, what: str) -> str:
        return choices[_chance(ordinal, what) % len(choices)]


def _number(caller: int) -> str:
    """The first callers have the numbers of the simulated citizens."""
    if caller < _SIMULATED_NUMBERS:
        return f"1380013{8000 + caller:04}"
    prefix = ("135", "137", "139", "158", "186")[caller % 5]
    return f"{prefix}{_chance(caller, 'number') % 100_000_000:08}"
