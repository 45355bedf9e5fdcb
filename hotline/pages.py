"""The web application of the assembled services: every department's router, health, the kit."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from acd import routes as plan_routes
from agent_desktop import routes as desk_routes
from agent_desktop.core.menu_titles import StepTitles
from callbacks import routes as callback_routes
from cti import routes as call_routes
from directory import routes as directory_routes
from directory.routes import session_lookup
from feedback import routes as feedback_routes
from hotline.audit_codes import AUDIT_CODES
from hotline.bridges import (
    OwnerNames,
    district_names,
    line_name,
    person_name,
    prompt_text,
    reason_name,
    team_names,
)
from hotline.health import Part, PartState
from hotline.message_bridges import TaskMessages
from hotline.model_words import ModelWords
from hotline.settings import ROOT
from hotline.web import DIST, build_app
from hotline.wiring import Services, websocket_url
from ivr.adapters.prompt_files import load_prompts
from ivr.routes import flows as flow_routes
from ivr.routes import intents as intent_routes
from ivr.routes import notices as notice_routes
from ivr.routes import prompts as prompt_routes
from ivr.routes import screening as screening_routes
from kernel.infra.clock import SystemClock
from kernel.infra.i18n import Catalogue
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from knowledge_base import routes as knowledge_routes
from recordings import routes as recording_routes
from speech.service import State
from workorders.routes import build_router as case_router

PO_FILE = ROOT / "frontend" / "locale" / "en.po"
TEMPLATE_DIRS: tuple[Path, ...] = (
    ROOT / "frontend" / "templates",
    *(
        ROOT / department / "templates"
        for department in (
            "acd",
            "agent_desktop",
            "callbacks",
            "cti",
            "directory",
            "feedback",
            "ivr",
            "knowledge_base",
            "recordings",
            "workorders",
        )
    ),
)


async def web_app(services: Services) -> FastAPI:
    """The application; nothing is served yet."""
    kit = WebKit(
        template_dirs=TEMPLATE_DIRS,
        catalogue=await asyncio.to_thread(Catalogue, PO_FILE),
        lookup=session_lookup(services.accounts),
        assets_version=await asyncio.to_thread(_assets_version),
        person_name=person_name(services.directory),
    )
    prompts = await asyncio.to_thread(
        load_prompts, services.settings.config_dir / "ivr" / "prompts.yaml"
    )
    return build_app(
        kit,
        _routers(kit, services, prompt_text(prompts)),
        health_parts(services),
        websocket_url(services.settings),
    )


def _routers(
    kit: WebKit, s: Services, heard: Callable[[str, ScreenLanguage], str]
) -> Sequence[APIRouter]:
    names, person = team_names(s.directory), person_name(s.directory)
    by_text = {language.value: short for language, short in names.items()}
    return (
        directory_routes.build_router(
            kit,
            s.directory,
            s.accounts,
            s.audit,
            secure_cookies=s.settings.https,
            codes=AUDIT_CODES,
        ),
        desk_routes.build_router(
            kit,
            desk=s.desk,
            feed=s.feed,
            finder=s.finder,
            floor=s.floor,
            people=s.people,
            phones=s.phones,
            days=s.days,
            supervision=s.supervision,
        ),
        plan_routes.build_router(
            kit,
            s.plans,
            plan_routes.Names(names, heard, reason_name, person),
        ),
        call_routes.build_router(
            kit,
            s.journal,
            call_routes.Names(names, person, line_name(s.directory)),
            StepTitles().step_title,
        ),
        flow_routes.build_router(
            kit,
            flow_routes.FlowDesk(
                flows=s.ivr.flows,
                funnel=s.ivr.funnel,
                catalogue=s.ivr.catalogue,
                lines=s.directory,
                clock=s.ivr.clock,
                step_title=StepTitles().step_title,
                team_names=names,
            ),
        ),
        intent_routes.build_router(
            kit,
            intent_routes.IntentDesk(
                intents=s.ivr.intents,
                flows=s.ivr.flows,
                catalogue=s.ivr.catalogue,
                known=ModelWords(s.settings.speech_dir),
            ),
        ),
        notice_routes.build_router(
            kit, s.ivr.notices, s.ivr.clock, names, district_names(s.directory)
        ),
        prompt_routes.build_router(kit, s.ivr.prompts, StepTitles().step_title),
        screening_routes.build_router(kit, s.ivr.screening, s.ivr.clock),
        case_router(kit, s.cases),
        knowledge_routes.build_router(kit, s.knowledge, OwnerNames(s.directory), by_text),
        recording_routes.build_router(
            kit,
            s.recordings.library,
            s.recordings.words,
            recording_routes.Names(names, person, line_name(s.directory)),
        ),
        feedback_routes.build_router(kit, s.feedback, s.ivr.clock, names, person),
        callback_routes.build_router(
            kit,
            s.duty_callbacks,
            TaskMessages(s.recordings.words),
            names,
            person,
            SystemClock(),
        ),
    )


def _assets_version() -> str:
    """Changes with every build of the front end."""
    digest = hashlib.sha256()
    for path in sorted(DIST.rglob("*")):
        if path.is_file() and path.suffix in (".js", ".css"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


_SPEECH_STATES = {State.NOT_INSTALLED: "off", State.READY: "up", State.FAILED: "down"}


def health_parts(s: Services) -> tuple[Part, ...]:
    """What `/healthz` reports. Speech is not needed: callers use keys without it."""

    async def asterisk() -> PartState:
        state = s.line.state
        return PartState("up") if state.up else PartState("down", state.reason)

    async def database() -> PartState:
        async with s.database.connection() as connection:
            await connection.execute(text("SELECT 1"))
        return PartState("up")

    async def event_bus() -> PartState:
        reason = await s.bus.healthy()
        return PartState("up") if reason is None else PartState("down", reason)

    async def acd() -> PartState:
        reason = s.distribution.healthy
        return PartState("up") if reason is None else PartState("down", reason)

    async def speech() -> PartState:
        health = s.hearing.health()
        return PartState(_SPEECH_STATES[health.state], health.reason)

    async def recordings() -> PartState:
        state = s.recordings.archive.state
        return PartState("up") if state.ok else PartState("down", state.reason)

    return (
        Part("asterisk", True, asterisk),
        Part("database", True, database),
        # Redis only carries events to other processes; the line goes on without it.
        Part("event_bus", False, event_bus),
        Part("acd", True, acd),
        Part("speech", False, speech),
        Part("recordings", False, recordings),
    )
