"""The part of the composition root that makes what callers hear: dialogue, survey, flows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from directory.service import Directory
from hotline.ivr_bridges import FlowWorld
from ivr.adapters.flow_files import digest, parse_flow
from ivr.adapters.funnel_store import SqlFunnelStore
from ivr.adapters.intent_files import parse_intents, read_sheet, write_sheet
from ivr.adapters.marked_yaml import read as read_yaml
from ivr.adapters.marked_yaml import text_of
from ivr.adapters.notice_store import SqlNoticeStore
from ivr.adapters.notice_voice import EspeakVoice
from ivr.adapters.prompt_files import load_prompts
from ivr.adapters.prompt_sounds import SoundFolders
from ivr.adapters.screening_file import load_screening
from ivr.adapters.screening_store import SqlScreeningStore
from ivr.adapters.studio import WorkerStudio
from ivr.adapters.take_store import SqlTakeStore
from ivr.adapters.version_store import SqlVersionStore
from ivr.core.catalogue import PromptCatalogue
from ivr.core.flow import Flow
from ivr.core.funnel import Funnel
from ivr.core.intents import IntentTable
from ivr.core.prompt_use import uses
from ivr.enquiries import Enquiries
from ivr.flows import PURPOSES, Flows
from ivr.funnel_keeper import FunnelKeeper
from ivr.gate import Gate
from ivr.intents import Forms, Intents
from ivr.notices import Notices
from ivr.ports import CallerMemory
from ivr.prompts import Prompts
from ivr.screening import Screening
from ivr.service import Dialogue, Survey
from ivr.versions import Shelf
from kernel.audit import AuditTrail
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.ids import CallId, IdSource
from kernel.infra.database import Database
from kernel.infra.log import get
from workorders.adapters.reference_files import load_calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Ivr:
    """Everything of the department that lives while the hotline runs."""

    catalogue: PromptCatalogue
    intents: Intents
    flows: Flows
    funnel: FunnelKeeper
    dialogue: Dialogue
    survey: Survey
    world: FlowWorld
    notices: Notices
    prompts: Prompts
    screening: Screening
    gate: Gate
    clock: Clock

    async def start(self) -> None:
        """Take in what was shipped anew, read the takes and the notices, and begin to count."""
        await self.intents.start()
        await self.flows.start()
        await self.prompts.start()
        await self.notices.start()
        await self.funnel.start()
        await self.screening.start()

    async def stop(self) -> None:
        await self.screening.stop()
        await self.funnel.stop()


def plan_ids(path: Path) -> frozenset[str]:
    """The ids in `config/plans.yaml`, for the conditions that ask for a plan; what else stands in
    the file is read and checked where the plans are made. Raises ConfigurationError."""
    found: set[str] = set()
    for key, plans in read_yaml(path).pairs():
        for plan in plans.items() if key.text() == "plans" else ():
            found |= {value.text() for name, value in plan.pairs() if name.text() == "id"}
    return frozenset(found)


async def build_ivr(
    *,
    config_dir: Path,
    prompts_dir: Path,
    takes_dir: Path,
    screening_file: Path,
    database: Database,
    directory: Directory,
    memory: CallerMemory,
    audit: AuditTrail,
    bus: EventBus,
    clock: Clock,
    ids: IdSource,
    offers_heard: Callable[[CallId], None],
) -> Ivr:
    """Raises ConfigurationError for wrong reviewed data."""
    folder = config_dir / "ivr"
    catalogue = await asyncio.to_thread(load_prompts, folder / "prompts.yaml")
    log = get("ivr")
    shelf = Shelf(
        store=SqlVersionStore(database),
        digest=digest,
        audit=audit,
        clock=clock,
        log=log,
        turn=asyncio.Lock(),
    )
    intents, flows = await _versions(shelf, config_dir, catalogue, directory)
    calendar = await asyncio.to_thread(load_calendar, config_dir / "calendar.yaml")
    world = FlowWorld(calendar, directory.team_ids())
    voice = EspeakVoice(prompts_dir, catalogue.readings)
    notices = Notices(
        store=SqlNoticeStore(database), voice=voice, audit=audit, clock=clock, ids=ids, log=log
    )
    dialogue = Dialogue(
        flow=flows.current("main"),
        lines=directory,
        memory=memory,
        surroundings=world,
        enquiries=Enquiries(world, log, past=world),
        notices=notices,
        bus=bus,
        clock=clock,
        ids=ids,
        log=log,
        offers_heard=offers_heard,
    )
    screening = await _screening(screening_file, database, audit, bus, clock, ids)
    survey = Survey(flow=flows.current("survey"), bus=bus, clock=clock, ids=ids, log=get("survey"))
    flows.follow("main", dialogue.switch)
    flows.follow("survey", survey.switch)
    return Ivr(
        catalogue=catalogue,
        intents=intents,
        flows=flows,
        funnel=FunnelKeeper(Funnel(flows.kind_of), SqlFunnelStore(database), log),
        dialogue=dialogue,
        survey=survey,
        world=world,
        notices=notices,
        prompts=Prompts(
            catalogue=catalogue,
            uses=lambda: uses([flows.current(name) for name in PURPOSES], directory.team_ids()),
            store=SqlTakeStore(database),
            studio=WorkerStudio(),
            sounds=SoundFolders(prompts_dir, takes_dir),
            audit=audit,
            clock=clock,
            log=log,
        ),
        screening=screening,
        gate=Gate(screening=screening, dialogue=dialogue, memory=memory),
        clock=clock,
    )


async def _versions(
    shelf: Shelf, config_dir: Path, catalogue: PromptCatalogue, directory: Directory
) -> tuple[Intents, Flows]:
    """The table of intents and the flows that are compiled with it, loaded; they are switched
    together. Raises ConfigurationError."""
    folder = config_dir / "ivr"
    names = ("intents", *PURPOSES)
    texts = {name: await asyncio.to_thread(text_of, folder / f"{name}.yaml") for name in names}
    plans = await asyncio.to_thread(plan_ids, config_dir / "plans.yaml")

    def read(source: str, body: str, words: IntentTable) -> Flow:
        return parse_flow(source, body, catalogue, directory.team_ids(), words, plans)

    intents = Intents(
        shelf, texts.pop("intents"), Forms(table=parse_intents, sheet=read_sheet, write=write_sheet)
    )
    await intents.load()
    flows = Flows(shelf, texts, read, intents)
    await flows.load()
    return intents, flows


async def _screening(
    policy: Path, database: Database, audit: AuditTrail, bus: EventBus, clock: Clock, ids: IdSource
) -> Screening:
    return Screening(
        policy=await asyncio.to_thread(load_screening, policy),
        store=SqlScreeningStore(database),
        audit=audit,
        bus=bus,
        clock=clock,
        ids=ids,
        log=get("screening"),
    )
