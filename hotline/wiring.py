"""The composition root: every service is made here, by hand, once, and given what it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from acd.adapters.config_file import load_rules
from acd.adapters.event_log import SqlEventLog
from acd.adapters.timers import LoopTimers
from acd.service import Distribution
from agent_desktop import routes as desk_routes
from agent_desktop.core.menu_titles import StepTitles
from agent_desktop.core.wallboard import Limits
from agent_desktop.service import Desk
from agent_desktop.stories import CallStories
from agent_desktop.targets import TargetFinder
from agent_desktop.wallboard import WallboardFeed
from cti import routes as call_routes
from cti.adapters.asterisk_config import render
from cti.adapters.asterisk_process import AsteriskProcess
from cti.adapters.journal_store import SqlJournalStore
from cti.journal import CallJournal
from cti.service import TelephoneLine
from directory import routes as directory_routes
from directory.adapters.account_store import SqlAccountStore, SqlDeviceMemory, SqlSessionStore
from directory.adapters.audit_store import SqlAuditStore
from directory.adapters.city_store import SqlCityStore
from directory.adapters.passwords import Argon2Passwords, SecretTokens
from directory.service import Accounts, Audit, Directory
from feedback.service import Feedback
from hotline import bridges
from hotline.asterisk import CITIZEN_ENDPOINT, asterisk_values, phone_secrets
from hotline.secrets import Secrets
from hotline.settings import Settings
from hotline.subscriptions import subscribe_all
from ivr.service import Dialogue, Survey
from kernel.infra.bus import LocalBus, RedisBus
from kernel.infra.clock import SystemClock, UuidSource
from kernel.infra.database import Database
from kernel.infra.log import get
from knowledge_base.service import Knowledge
from recordings.service import Archive
from workorders.service import Cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that lives while the hotline runs."""

    database: Database
    bus: LocalBus
    directory: Directory
    accounts: Accounts
    line: TelephoneLine
    distribution: Distribution
    dialogue: Dialogue
    survey: Survey
    journal: CallJournal
    cases: Cases
    knowledge: Knowledge
    recordings: Archive
    feedback: Feedback
    desk: Desk
    feed: WallboardFeed
