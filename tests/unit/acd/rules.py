"""The settings that the tests of the distribution use: those of the product, shorter to read."""

from __future__ import annotations

from datetime import timedelta

from acd.core.rules import Rules, TeamRules
from kernel.ids import TeamId

TEAMS = tuple(TeamId(t) for t in ("consumer", "urban", "labour", "security", "general"))
GENERAL = TeamId("general")
LABOUR = TeamId("labour")
CONSUMER = TeamId("consumer")


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def make_rules(overflow_after: float | None = 60) -> Rules:
    return Rules(
        teams=tuple(
            TeamRules(
                team=team,
                wrap_up_limit=s(60),
                overflow_after=None
                if team == GENERAL or overflow_after is None
                else s(overflow_after),
                overflow_to=None if team == GENERAL else GENERAL,
            )
            for team in TEAMS
        ),
        fallback_team=GENERAL,
        ring_timeout=s(20),
        answer_margin=s(10),
        grace=s(60),
        session_limit=s(1800),
        wanted_agent_for=s(30),
        short_abandon=s(5),
        service_level=s(15),
        default_disposition="unrecorded",
    )
