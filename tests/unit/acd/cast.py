"""Who plays in the small world: operators who sit down, callers who ring."""

from __future__ import annotations

from datetime import timedelta

from acd.core import inputs as inp
from kernel.ids import AgentId, BoothId, Endpoint, TeamId
from kernel.language import Language
from tests.unit.acd.rules import GENERAL
from tests.unit.acd.world import World

ZH, YUE = Language.MANDARIN, Language.CANTONESE


def seat(
    world: World,
    name: str,
    skills: dict[TeamId, int],
    languages: tuple[Language, ...] = (ZH,),
    *,
    ready: bool = True,
) -> None:
    phone = Endpoint(f"booth-{name}")
    world.exchange.register(phone)
    world.drain()
    world.feed(
        inp.LogIn(AgentId(name), BoothId(name), phone, tuple(sorted(skills.items())), languages)
    )
    if ready:
        world.feed(inp.ChooseReady(AgentId(name)))
        world.drain()


def seat_busy(world: World, name: str, team: TeamId) -> None:
    """On duty, and in a conversation."""
    seat(world, name, {team: 9})
    arrive(world, f"of-{name}", team)
    world.exchange.pick_up(f"booth-{name}")
    world.drain()


def ringing(world: World) -> dict[str, str]:
    return {p.removeprefix("booth-"): c for p, c in world.exchange.ringing().items()}


def arrive(world: World, call: str, team: TeamId = GENERAL, **more: object) -> None:
    world.exchange.arrive(call, team, **more)  # type: ignore[arg-type]
    world.drain()
    world.clock.advance(timedelta(seconds=1))
