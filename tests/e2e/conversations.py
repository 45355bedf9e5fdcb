"""From dialling to the first word: what most end-to-end tests begin with."""

from __future__ import annotations

from kernel.phone import clean
from tests.e2e.baresip import Citizen
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Operator
from tests.e2e.records import Records
from tests.servers.sip_phone import Dialog, SipPhone


async def dial(hotline: HotlineProcess, records: Records, citizen: Citizen, key: str) -> str:
    """Dial 12345 and press the key of a team once the menu listens; the call's id."""
    await citizen.dial("12345", hotline.sip_port)
    call_id = await records.call(citizen.number)
    await records.event(call_id, "MenuStepEntered")
    await citizen.press(key)
    await records.event(call_id, "CallQueued")
    return call_id


async def ring(
    telephone: SipPhone, records: Records, ani: str, key: str, **said: str
) -> tuple[Dialog, str]:
    """As `dial`, from a telephone of which any number may call: the call, and its id."""
    call, call_id = await reach_the_menu(telephone, records, ani, **said)
    call.press(key)
    await records.event(call_id, "CallQueued")
    return call, call_id


async def reach_the_menu(
    telephone: SipPhone, records: Records, ani: str, **said: str
) -> tuple[Dialog, str]:
    """Dial 12345; returns once keys are listened for. `said` are headers of the call."""
    number = clean(ani).digits
    known = records.call_of(number)
    call = await telephone.call("12345", ani=ani, **said)
    await call.wait("answered")
    call_id = await records.another_call(number, known)
    await records.event(call_id, "MenuStepEntered")
    # Asterisk passes keys over while it waits for the answer to a question.
    await call.listen(5)
    return call, call_id


async def talk(operator: Operator, *, sound: bool = True) -> None:
    """Answer the call that rings, and hear the caller."""
    await operator.word("来电")
    await operator.primary("接听")
    await operator.word("通话中")
    if sound:
        await operator.hears()


async def hang_up_and_finish(operator: Operator) -> None:
    """The operator ends the conversation and the wrap-up, and is ready again."""
    await operator.primary("挂断")
    await operator.finish("answered")
    await operator.word("就绪")
