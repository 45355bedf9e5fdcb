"""The flows and prompts as they are shipped, for the tests of this package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ivr.adapters.flow_files import load_flow
from ivr.adapters.intent_files import load_intents
from ivr.adapters.prompt_files import load_prompts
from ivr.core.catalogue import PromptCatalogue
from ivr.core.flow import Flow
from ivr.core.intents import IntentTable
from kernel.ids import TeamId

CONFIG = Path(__file__).parents[3] / "config" / "ivr"
TEAMS = tuple(TeamId(t) for t in ("consumer", "urban", "labour", "security", "general"))


@cache
def catalogue() -> PromptCatalogue:
    return load_prompts(CONFIG / "prompts.yaml")


@cache
def intents() -> IntentTable:
    return load_intents(CONFIG / "intents.yaml")


@cache
def main_flow() -> Flow:
    return load_flow(CONFIG / "main.yaml", catalogue(), TEAMS, intents())


@cache
def survey_flow() -> Flow:
    return load_flow(CONFIG / "survey.yaml", catalogue(), TEAMS)
