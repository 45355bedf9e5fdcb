"""The settings that the tests of the distribution use: those of the product, shorter to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from acd.core.rules import Ring, Rules, TeamRules
from kernel.ids import TeamId

TEAMS = tuple(TeamId(t) for t in ("consumer", "urban", "labour", "security", "general"))
GENERAL = TeamId("general")
LABOUR = TeamId("labour")
CONSUMER = TeamId("consumer")


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def own_then_general(team: TeamId, after: float | None) -> tuple[Ring, ...]:
    """The product's rings: the own team, and later the comprehensive one, too."""
    if team == GENERAL or after is None:
        return (Ring(teams=(team,)),)
    return (Ring(teams=(team,), stay=s(after)), Ring(teams=(team, GENERAL)))


def make_rules(
    general_after: float | None = 60, rings: Mapping[TeamId, tuple[Ring, ...]] | None = None
) -> Rules:
    """The comprehensive team helps after so many seconds; `rings` has other rings for a team."""
    other = rings or {}
    return Rules(
        teams=tuple(
            TeamRules(
                team=team,
                wrap_up_limit=s(60),
                rings=other.get(team) or own_then_general(team, general_after),
            )
            for team in TEAMS
        ),
        fallback_team=GENERAL,
        ring_timeout=s(20),
        answer_margin=s(10),
        grace=s(60),
        session_limit=s(1800),
        left_alone_after=s(20),
        wanted_agent_for=s(30),
        short_abandon=s(5),
        service_level=s(15),
        default_disposition="unrecorded",
    )
