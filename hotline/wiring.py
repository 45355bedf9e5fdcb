"""The composition root: every service is made here, by hand, once, and given what it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from acd.adapters.callbacks_file import load_callbacks
from acd.adapters.code_print import code_print
from acd.adapters.event_log import SqlEventLog
from acd.adapters.plan_store import SqlPlanStore
from acd.adapters.plans_file import Known, load_plans
from acd.adapters.rules_file import load_rules
from acd.adapters.timers import LoopTimers
from acd.auditor import Auditor
from acd.plans import Plans
from acd.service import Distribution
from agent_desktop.adapters.phones import BrowserPhones
from agent_desktop.core.choices import NOT_READY_REASONS
from agent_desktop.core.menu_titles import StepTitles
from agent_desktop.core.named import Named
from agent_desktop.core.wallboard import Limits
from agent_desktop.days import OperatorDays
from agent_desktop.service import Desk
from agent_desktop.stories import CallStories
from agent_desktop.supervision import Supervision
from agent_desktop.targets import TargetFinder
from agent_desktop.wallboard import WallboardFeed
from callbacks.adapters.store import TableTaskStore
from callbacks.service import DutyCallbacks
from cti.adapters.asterisk_config import AsteriskValues
from cti.adapters.build import build_line
from cti.adapters.journal_store import SqlJournalStore
from cti.adapters.queue_log_file import QueueLogFile
from cti.journal import CallJournal
from cti.left_open import LeftOpen
from cti.service import TelephoneLine
from directory.adapters.account_store import SqlAccountStore, SqlDeviceMemory, SqlSessionStore
from directory.adapters.audit_store import SqlAuditStore
from directory.adapters.city_store import SqlCityStore
from directory.adapters.passwords import Argon2Passwords, SecretTokens
from directory.service import Accounts, Audit, Directory
from feedback.adapters.store import TableSurveyStore
from feedback.service import Feedback
from hotline import desk_bridges
from hotline.asterisk import CITIZEN_ENDPOINT, asterisk_values
from hotline.bridges import (
    ArticleBook,
    CallBook,
    FallbackMembers,
    PlannedOffers,
    PositionAnnouncer,
)
from hotline.callback_bridges import CallbackLine, MessageBox, PastCalls
from hotline.ivr_wiring import Ivr, build_ivr
from hotline.recordings_wiring import Recordings, build_recordings
from hotline.secrets import Secrets
from hotline.settings import Settings
from hotline.speech_wiring import build_hearing, build_transcripts
from hotline.subscriptions import subscribe_all
from ivr.adapters.caller_memory import TableCallerMemory
from ivr.adapters.prompt_files import load_prompts
from ivr.adapters.waiting_file import load_waiting
from ivr.called_back import CitizenGreeting
from ivr.waiting import StandingOffers, WaitingDialogue
from kernel.infra.bus import LocalBus, RedisBus
from kernel.infra.clock import SystemClock, UuidSource
from kernel.infra.database import Database
from kernel.infra.log import get
from knowledge_base.adapters.chinese import library_chinese
from knowledge_base.adapters.search_index import SqlSearchIndex
from knowledge_base.adapters.store import SqlArticleStore
from knowledge_base.service import Knowledge
from speech.service import Hearing
from workorders.adapters.case_store import SqlCaseStore
from workorders.adapters.reference_files import load_reference
from workorders.service import Cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What callers choose by key outside the menus: while they wait, and when they are called
    back."""

    offers: PlannedOffers
    waiting: WaitingDialogue
    greeting: CitizenGreeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that lives while the hotline runs."""

    settings: Settings
    asterisk: AsteriskValues
    database: Database
    bus: LocalBus
    directory: Directory
    accounts: Accounts
    audit: Audit
    event_log: SqlEventLog
    distribution: Distribution
    plans: Plans
    auditor: Auditor
    memory: TableCallerMemory
    ivr: Ivr
    hearing: Hearing
    choices: Choices
    line: TelephoneLine
    fallback: FallbackMembers
    left_open: LeftOpen
    journal: CallJournal
    knowledge: Knowledge
    cases: Cases
    recordings: Recordings
    days: OperatorDays
    supervision: Supervision
    feedback: Feedback
    duty_callbacks: DutyCallbacks
    floor: desk_bridges.DistributionFloor
    people: desk_bridges.DirectoryPeople
    finder: TargetFinder
    phones: BrowserPhones
    desk: Desk
    feed: WallboardFeed

    async def start(self) -> None:
        """In the order of need: what hears before what speaks, the telephone last."""
        await self.bus.start()
        await self.journal.start()
        await self.memory.start()
        await self.ivr.start()
        await self.hearing.start()
        await self.event_log.start()
        await self.recordings.archive.start()
        await self.recordings.writer.start()
        await self.duty_callbacks.start()
        # Terms that ran into a year whose calendar has become official since.
        await self.cases.recalculate_provisional()
        await self.distribution.start()
        await self.plans.start()
        await self.fallback.start(self.distribution.seated())
        await self.desk.start()
        await self.feed.start()
        await self.line.start()
        await self.auditor.start()

    async def stop(self) -> None:
        """The reverse; what was heard is written before the database closes."""
        await self.auditor.stop()
        await self.left_open.stop()
        await self.line.stop()
        await self.recordings.writer.stop()
        await self.hearing.stop()
        await self.feed.stop()
        await self.desk.stop()
        await self.plans.stop()
        await self.distribution.stop()
        await self.bus.drain()
        await self.recordings.archive.stop()
        await self.duty_callbacks.stop()
        await self.event_log.stop()
        await self.ivr.stop()
        await self.memory.stop()
        await self.journal.stop()
        await self.bus.stop()
        await self.database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What every service stands on."""

    settings: Settings
    term: int
    database: Database
    bus: LocalBus
    directory: Directory
    audit: Audit
    clock: SystemClock
    ids: UuidSource


async def _ground(settings: Settings, term: int) -> _Ground:
    clock, ids = SystemClock(), UuidSource()
    database = Database(settings.database, run=True)
    if term:
        database.guard(term)
    directory = Directory(SqlCityStore(database))
    await directory.load()
    return _Ground(
        settings=settings,
        term=term,
        database=database,
        bus=RedisBus(settings.redis_url, ids.new()) if settings.redis_url else LocalBus(),
        directory=directory,
        audit=Audit(SqlAuditStore(database), clock),
        clock=clock,
        ids=ids,
    )


async def assemble(settings: Settings, term: int = 0) -> Services:
    """Make every service; start none. `term` is the number of this run; 0 where nothing is guarded
    because nothing is started. Raises ConfigurationError for wrong reviewed data."""
    ground = await _ground(settings, term)
    try:
        return await _assemble(ground)
    except BaseException:
        await ground.database.close()
        raise


async def _assemble(ground: _Ground) -> Services:
    settings = ground.settings
    database, directory, clock = ground.database, ground.directory, ground.clock
    values = _values(ground)
    memory = TableCallerMemory(database, clock)
    choices = await _choices(ground)
    ivr = await _ivr(ground, memory, choices)
    announcer = PositionAnnouncer(choices.waiting)
    hearing = build_hearing(settings, clock, ivr.prompts.place)
    ivr.world.listen_with(hearing)
    line = _line(ground, values, ivr, choices, announcer, hearing)
    event_log = SqlEventLog(database, get("acd"))
    distribution = await _distribution(ground, line, event_log)
    plans = await _plans(ground, distribution, choices.offers)
    announcer.follow(distribution)
    line.subscribe(distribution.post)
    journal, stories = _journal(database), CallStories()
    knowledge = _knowledge(ground)
    cases = await _cases(ground, knowledge, CallBook(stories, journal))
    ivr.world.follow(distribution, cases, choices.offers, journal)
    recordings = _recordings(ground, hearing)
    line.subscribe(recordings.archive.on_fact)
    floor = desk_bridges.DistributionFloor(distribution)
    figures = desk_bridges.DistributionFigures(distribution)
    people = desk_bridges.DirectoryPeople(directory)
    plans_shown = desk_bridges.DistributionPlans(plans)
    services = Services(
        settings=settings,
        asterisk=values,
        database=database,
        bus=ground.bus,
        directory=directory,
        accounts=_accounts(ground),
        audit=ground.audit,
        event_log=event_log,
        distribution=distribution,
        plans=plans,
        auditor=Auditor(distribution, line, get("audit")),
        memory=memory,
        ivr=ivr,
        hearing=hearing,
        choices=choices,
        line=line,
        fallback=FallbackMembers(line, directory, get("fallback")),
        left_open=_left_open(ground, values, line, journal, distribution),
        journal=journal,
        knowledge=knowledge,
        cases=cases,
        recordings=recordings,
        days=OperatorDays(clock),
        supervision=Supervision(floor=floor, people=people, audit=ground.audit),
        feedback=Feedback(store=TableSurveyStore(database), log=get("feedback")),
        duty_callbacks=_duty_callbacks(ground, journal, event_log, distribution, line),
        floor=floor,
        people=people,
        finder=TargetFinder(figures, people),
        phones=_phones(settings, values),
        desk=Desk(
            floor=floor,
            people=people,
            menu=StepTitles(),
            records=desk_bridges.DepartmentRecords(cases, journal, directory),
            stories=stories,
            plans=plans_shown,
            dispositions=_dispositions(cases),
            clock=clock,
            log=get("desk"),
        ),
        feed=WallboardFeed(
            figures=figures, plans=plans_shown, people=people, clock=clock, limits=Limits()
        ),
    )
    subscribe_all(ground.bus, services)
    return services


def _values(ground: _Ground) -> AsteriskValues:
    city = ground.directory
    return asterisk_values(
        ground.settings,
        Secrets(ground.settings.secrets_dir),
        booths=[b.booth_id for b in city.booths()],
        lines=[line.number for line in city.lines()],
        teams=city.team_ids(),
        term=ground.term,
    )


def _dispositions(cases: Cases) -> list[Named]:
    return [Named(d.code, d.zh, d.en) for d in cases.reference.dispositions]


def _left_open(
    ground: _Ground,
    values: AsteriskValues,
    line: TelephoneLine,
    journal: CallJournal,
    distribution: Distribution,
) -> LeftOpen:
    made = LeftOpen(
        books=journal,
        queues=QueueLogFile(values.log_dir),
        telephone=line,
        known=distribution.known_callers,
        publish=ground.bus.publish,
        delivered=ground.bus.drain,
        clock=ground.clock,
        log=get("cti"),
    )
    line.subscribe(made.on_fact)
    return made


async def _ivr(ground: _Ground, memory: TableCallerMemory, choices: Choices) -> Ivr:
    return await build_ivr(
        config_dir=ground.settings.config_dir,
        prompts_dir=ground.settings.prompts_dir,
        takes_dir=ground.settings.takes_dir,
        screening_file=ground.settings.screening,
        database=ground.database,
        directory=ground.directory,
        memory=memory,
        audit=ground.audit,
        bus=ground.bus,
        clock=ground.clock,
        ids=ground.ids,
        offers_heard=choices.waiting.heard_before,
    )


async def _choices(ground: _Ground) -> Choices:
    path = ground.settings.config_dir / "ivr" / "waiting.yaml"
    rules = await asyncio.to_thread(load_waiting, path)
    bus, clock, ids = ground.bus, ground.clock, ground.ids
    offers = PlannedOffers(StandingOffers(rules))
    return Choices(
        offers=offers,
        waiting=WaitingDialogue(rules=rules, offers=offers, bus=bus, clock=clock, ids=ids),
        greeting=CitizenGreeting(rules=rules, bus=bus, clock=clock, ids=ids),
    )


def _line(
    ground: _Ground,
    values: AsteriskValues,
    ivr: Ivr,
    choices: Choices,
    announcer: PositionAnnouncer,
    hearing: Hearing,
) -> TelephoneLine:
    line = build_line(
        values,
        term=ground.term,
        dialogue=ivr.gate,
        announcer=announcer,
        keys=choices.waiting,
        greeter=choices.greeting,
        survey=ivr.survey,
        ears=hearing,
        clock=ground.clock,
        log=get("cti"),
        place=ivr.prompts.place,
    )
    line.subscribe(hearing.on_fact)
    line.subscribe(ivr.gate.on_fact)
    line.subscribe(ivr.screening.on_fact)
    said = build_transcripts(ground.settings, hearing, ground.bus, ground.ids, ground.clock)
    line.subscribe(said.on_fact)
    return line


async def _distribution(
    ground: _Ground, line: TelephoneLine, event_log: SqlEventLog
) -> Distribution:
    folder = ground.settings.config_dir
    return Distribution(
        rules=replace(
            await asyncio.to_thread(load_rules, folder / "acd.yaml"),
            callbacks=await asyncio.to_thread(load_callbacks, folder / "callbacks.yaml"),
        ),
        roster=ground.directory,
        control=line,
        timers=LoopTimers(ground.clock),
        clock=ground.clock,
        bus=ground.bus,
        ids=ground.ids,
        event_log=event_log,
        log=get("acd"),
        code=code_print(),
    )


async def _plans(ground: _Ground, distribution: Distribution, offers: PlannedOffers) -> Plans:
    folder = ground.settings.config_dir
    prompts = await asyncio.to_thread(load_prompts, folder / "ivr" / "prompts.yaml")
    known = Known(
        rules=distribution.rules,
        prompts=prompts.texts.keys(),
        reasons={r.code for r in NOT_READY_REASONS},
    )
    plans = Plans(
        plans=await asyncio.to_thread(load_plans, folder / "plans.yaml", known),
        distribution=distribution,
        store=SqlPlanStore(ground.database),
        audit=ground.audit,
        clock=ground.clock,
        log=get("plans"),
    )
    offers.follow(plans, distribution.calls_back)
    return plans


def _journal(database: Database) -> CallJournal:
    log = get("journal")
    return CallJournal(
        SqlJournalStore(database),
        lambda error, waiting: log.error(
            "journal_not_written", reason=repr(error), waiting=waiting
        ),
    )


def _knowledge(ground: _Ground) -> Knowledge:
    tools = library_chinese()
    index = SqlSearchIndex(ground.database, tools)
    return Knowledge(
        store=SqlArticleStore(ground.database, index),
        index=index,
        tools=tools,
        clock=ground.clock,
        ids=ground.ids,
        bus=ground.bus,
    )


async def _cases(ground: _Ground, knowledge: Knowledge, calls: CallBook) -> Cases:
    folder, city = ground.settings.config_dir, ground.directory
    return Cases(
        store=SqlCaseStore(ground.database),
        reference=await asyncio.to_thread(load_reference, folder, city),
        city=city,
        articles=ArticleBook(knowledge),
        calls=calls,
        audit=ground.audit,
        bus=ground.bus,
        clock=ground.clock,
        ids=ground.ids,
    )


def _recordings(ground: _Ground, hearing: Hearing) -> Recordings:
    return build_recordings(
        ground.settings,
        database=ground.database,
        hearing=hearing,
        audit=ground.audit,
        bus=ground.bus,
        clock=ground.clock,
        ids=ground.ids,
    )


def _duty_callbacks(
    ground: _Ground,
    journal: CallJournal,
    event_log: SqlEventLog,
    distribution: Distribution,
    line: TelephoneLine,
) -> DutyCallbacks:
    duty = DutyCallbacks(
        store=TableTaskStore(ground.database),
        past=PastCalls(journal, event_log),
        line=CallbackLine(distribution),
        audit=ground.audit,
        bus=ground.bus,
        clock=ground.clock,
        ids=ground.ids,
        log=get("callbacks"),
    )
    line.subscribe(MessageBox(duty).on_fact)
    return duty


def _accounts(ground: _Ground) -> Accounts:
    return Accounts(
        accounts=SqlAccountStore(ground.database),
        sessions=SqlSessionStore(ground.database),
        devices=SqlDeviceMemory(ground.database),
        hasher=Argon2Passwords(),
        tokens=SecretTokens(),
        audit=ground.audit,
        clock=ground.clock,
        directory=ground.directory,
    )


def websocket_url(settings: Settings) -> str:
    """Where a browser's phone finds Asterisk."""
    return f"ws://127.0.0.1:{settings.asterisk_http_port}/ws"


def _phones(settings: Settings, values: AsteriskValues) -> BrowserPhones:
    secrets: Mapping[str, str] = {
        **values.phone_secrets,
        CITIZEN_ENDPOINT: values.citizen_secret,
    }
    return BrowserPhones(
        websocket_url=websocket_url(settings), realm="127.0.0.1", secret=secrets.get
    )
