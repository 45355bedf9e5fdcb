"""What the log remembers of a run that broke off, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import codec
from acd.core.effects import Publish
from acd.core.inputs import BeginConsult, ChooseReady, Input, LogIn, Started
from acd.core.restore import Recollection
from acd.core.rules import Rules
from kernel.ids import AgentId, BoothId, CallId, Endpoint
from kernel.language import Language
from kernel.telephony import EndpointChanged, LineRestored
from tests.unit.acd.invariants import check
from tests.unit.acd.rules import GENERAL, make_rules
from tests.unit.acd.world import World

A, B, C = (AgentId(f"op{n}") for n in (1, 2, 3))


def evening() -> World:
    """A talks, B's phone rings, C is not ready, one caller waits."""
    world = World(make_rules())
    for n, agent in enumerate((A, B, C), start=1):
        phone = Endpoint(f"booth00{n}")
        world.exchange.register(phone)
        world.drain()
        world.feed(LogIn(agent, BoothId(f"00{n}"), phone, ((GENERAL, 5),), (Language.MANDARIN,)))
    world.feed(ChooseReady(A))
    world.exchange.arrive("c-1")
    world.drain()
    world.exchange.pick_up("booth001")
    world.drain()
    world.feed(ChooseReady(B))
    world.exchange.arrive("c-2")
    world.drain()
    world.exchange.arrive("c-3")
    world.drain()
    return world


def recollect(world: World, rules: Rules) -> Started:
    memory = Recollection()
    for (now, item), effects in zip(world.log, world.effects, strict=True):
        memory.hear_input(item, now)
        for effect in effects:
            if isinstance(effect, Publish):
                memory.hear(effect.event)
    return Started(
        rules,
        memory.agents(),
        memory.calls(),
        memory.open_rings(),
        memory.handled(),
        memory.wrap_up_limits(),
        callbacks=memory.callbacks(),
    )


def next_run(world: World, rules: Rules | None = None) -> World:
    """A new process: an empty floor, the same exchange."""
    started = recollect(world, rules or make_rules())
    again = World(started.rules)
    again.exchange = world.exchange
    again.exchange.clock = again.clock
    again.exchange.sinks[:] = [again._fact]
    again.clock.advance(world.now - again.now + timedelta(seconds=3))
    again.facts.clear()
    again.floor.line_up = False
    again.feed(started)
    return again


def test_everybody_is_found_where_the_telephone_says() -> None:
    world = next_run(evening())
    world.exchange.restore()
    world.drain()
    check(world.floor)
    agents = world.floor.agents
    assert isinstance(agents[A].activity, ag.Talk)
    assert isinstance(agents[B].activity, ag.Offered)
    assert isinstance(agents[C].status, ag.NotReady)
    assert all(a.session.kind is ag.SessionKind.GRACE for a in agents.values())
    assert world.floor.position(world.floor.calls[CallId("c-2")]) == 1
    assert world.floor.position(world.floor.calls[CallId("c-3")]) == 2


def test_nothing_rings_twice_and_offer_numbers_go_on() -> None:
    world = next_run(evening())
    world.exchange.restore()
    world.drain()
    assert world.exchange.orders.count(("deliver", CallId("c-2"))) == 1
    world.exchange.ring_out("booth002")
    world.drain()
    call = world.floor.calls[CallId("c-2")]
    assert isinstance(call.state, ca.Waiting)
    assert call.offers == 1


def test_what_ended_while_nobody_looked_is_closed() -> None:
    before = evening()
    world = next_run(before)
    world.exchange.callers.clear()
    world.exchange.restore()
    world.drain()
    check(world.floor)
    assert world.floor.calls == {}
    assert isinstance(world.floor.agents[A].activity, ag.WrapUp)
    assert isinstance(world.floor.agents[B].activity, ag.Idle)
    names = [type(e).__name__ for e in world.events]
    assert names.count("CallAbandoned") == 2
    assert names.count("TalkFinished") == 1
    assert names.count("OfferEnded") == 1


def test_an_offer_answered_while_nobody_looked_is_a_conversation() -> None:
    world = next_run(evening())
    world.exchange.pick_up("booth002")
    world.facts.clear()
    world.exchange.restore()
    world.drain()
    check(world.floor)
    assert isinstance(world.floor.agents[B].activity, ag.Talk)


def test_a_handed_over_caller_is_found_with_the_colleague() -> None:
    before = evening()
    before.exchange.ring_out("booth002")
    before.drain()
    before.feed(ChooseReady(B))
    before.exchange.caller_hangs_up(CallId("c-2"))
    before.exchange.caller_hangs_up(CallId("c-3"))
    before.drain()
    before.feed(BeginConsult(A, B))
    before.drain()
    before.exchange.pick_up("booth002")
    before.drain()
    caller = before.exchange.callers[CallId("c-1")]
    world = next_run(before)
    caller.phone = caller.consulted
    world.exchange._end_consult(caller)
    world.exchange.restore()
    world.drain()
    check(world.floor)
    assert isinstance(world.floor.agents[B].activity, ag.Talk)
    assert isinstance(world.floor.agents[A].activity, ag.WrapUp)


def test_every_input_survives_being_written_and_read() -> None:
    world = evening()
    started: list[tuple[datetime, Input]] = [(world.now, recollect(world, make_rules()))]
    for _, item in world.log + started:
        assert codec.decode(codec.encode(item)) == item
    assert any(isinstance(i, LineRestored) for _, i in world.log)
    assert any(isinstance(i, EndpointChanged) for _, i in world.log)


def test_an_entry_of_an_earlier_version_has_the_defaults_of_what_was_added_since() -> None:
    written = codec.encode(recollect(evening(), make_rules()))
    del written["open_rings"]
    assert codec.decode(written).open_rings == ()
    del written["rules"]
    with pytest.raises(TypeError):
        codec.decode(written)
