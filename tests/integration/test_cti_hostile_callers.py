"""What a caller can send, and what comes of it on the real Asterisk (security test S1).

For each: no leg beside the caller's own, no variable expanded, no file outside the spool, and the
platform is told a clean number, a printable name, and an end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.ids import CallId
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk

NUMBERS = [
    "12345&PJSIP/desk001",
    "12345&PJSIP/trunk/0012121234",
    "12345,1,System(touch evil)",
    "12345)System(touch evil",
    "12345%00",
    "12345%0d%0aAction:%20Originate",
    "12345;phone-context=evil",
    "12345$%7BSHELL(touch%20evil)%7D",
    "12345$%5B1+1%5D",
    "12345`touch evil`",
    "12345|Dial(PJSIP/desk001)",
    "1" * 300,
    "0" * 2000,
    "+8612345",
    "00112345",
    "9",
    "*12345#",
]
NAMES = [
    "",
    " ",
    "张三",
    "x" * 4096,
    "名" * 1500,
    "${SHELL(touch evil)}",
    "$[1+1]",
    "${CC_CALL_ID}",
    "&PJSIP/desk001",
    "a,Call: gz1-1-1,Fact: hungup",
    "a\tb",
    "'; touch evil; '",
    "`touch evil`",
    "$(touch evil)",
    "../../../../tmp/evil",
    "%0d%0aEvent: Hangup",
    "\\r\\nEvent: Hangup",
    "<script>alert(1)</script>",
    "🙂" * 60,
    "\u202eevil",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    '"; DROP TABLE calls; --',
    "|System(touch evil)",
]
NUMBERS_FROM = [
    "anonymous",
    "unknown",
    "13800138000&PJSIP/desk001",
    "${SHELL(id)}",
    "1" * 400,
    "restricted",
    "+86-138-0013-8000",
]
LAST = "10086000"
HEADERS = [
    'P-Asserted-Identity: "${SHELL(touch evil)}" <sip:00112233@127.0.0.1>',
    "Diversion: <sip:${SHELL(touch evil)}@127.0.0.1>;reason=unconditional",
    "X-Hotline-Call: gz1-1-1",
    "Call-Info: <http://127.0.0.1/${SHELL(touch evil)}>",
    "Alert-Info: " + "x" * 1000,
]


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path) as running:
        yield running


async def one_call(board: Switchboard, number: str = "12345", **kwargs: str) -> tel.CallEntered:
    """Dial, be told of, hang up, be told of again."""
    already = sum(isinstance(f, tel.CallEntered) for f in board.facts.all)
    dialog = await board.citizen(number, **kwargs)
    entered = await board.facts.wait(tel.CallEntered, count=already + 1)
    await dialog.wait("answered")
    dialog.hang_up()
    await board.facts.wait(tel.CallHungUp, lambda f: f.call_id == entered.call_id)
    return entered


async def all_over(board: Switchboard, dialogs: list[Dialog]) -> list[tel.CallEntered]:
    """Hang up whoever was answered; return the calls that were told, once each has ended.

    What is no SIP at all gets no answer. A proper call at the end shows that Asterisk lives and has
    taken everything before it from the same socket.
    """
    last = await board.citizen(ani=LAST)
    await board.facts.wait(tel.CallEntered, lambda f: f.ani.digits == LAST)
    for dialog in (*dialogs, last):
        dialog.hang_up()
    answered = [d for d in dialogs if d.answered.is_set()]
    # Each channel tells of itself in its own time: only an empty switch has told everything.
    for _ in range(600):
        if not await board.line._switch.channels():
            break
        await asyncio.sleep(0.05)  # the interval between two looks
    else:
        raise TimeoutError("callers who hung up are still there")
    entered = [f for f in board.facts.all if isinstance(f, tel.CallEntered)]
    assert len(entered) >= len(answered) + 1
    for call_id in {f.call_id for f in entered}:
        await board.facts.wait(tel.CallHungUp, partial(_is_of, call_id))
    return entered


def _is_of(call_id: CallId, fact: tel.CallHungUp) -> bool:
    return fact.call_id == call_id


def no_harm(board: Switchboard, folder: Path) -> None:
    assert not list(folder.rglob("evil*"))
    assert not Path("/tmp/evil.raw").exists()
    dialled = [f for f in board.facts.all if isinstance(f, (tel.OfferRinging, tel.OfferAnswered))]
    assert dialled == []
    calls = {f.call_id for f in board.facts.all if isinstance(f, tel.CallEntered)}
    for call_id in calls:
        assert board.facts.names(call_id).count("CallHungUp") == 1


async def test_any_dialled_number_is_answered_clean_or_refused(
    board: Switchboard, tmp_path: Path
) -> None:
    desk = await board.phone("desk001")
    dialogs = [await board.citizen(number) for number in NUMBERS]
    for entered in await all_over(board, dialogs):
        assert len(entered.dnis) <= 32
        assert set(entered.dnis) <= set("0123456789+*#")
    assert desk.offers.empty()
    no_harm(board, tmp_path)


async def test_an_unknown_number_is_answered_and_told(board: Switchboard) -> None:
    entered = await one_call(board, "87654321")
    assert entered.dnis == "87654321"


async def test_any_caller_name_is_told_printable(board: Switchboard, tmp_path: Path) -> None:
    for name in NAMES:
        entered = await one_call(board, name=name)
        assert len(entered.caller_name) <= 80
        assert entered.caller_name == "" or entered.caller_name.isprintable()
        if name in ("张三", "${SHELL(touch evil)}", "$[1+1]", "<script>alert(1)</script>"):
            assert entered.caller_name == name
    no_harm(board, tmp_path)


async def test_any_calling_number_is_told_clean(board: Switchboard, tmp_path: Path) -> None:
    dialogs = [await board.citizen(ani=ani) for ani in NUMBERS_FROM]
    for entered in await all_over(board, dialogs):
        assert len(entered.ani.digits) <= 32
        assert set(entered.ani.digits) <= set("0123456789+*#")
    no_harm(board, tmp_path)


@pytest.mark.parametrize("ani", ["anonymous", "unknown", "restricted"])
async def test_a_caller_without_a_number_is_anonymous(board: Switchboard, ani: str) -> None:
    assert (await one_call(board, ani=ani)).ani.anonymous


async def test_a_caller_who_hangs_up_at_the_answer_is_told_of_once(board: Switchboard) -> None:
    # The dialplan may not have run a single step after Answer by then.
    for count in range(1, 21):
        dialog = await board.citizen()
        await dialog.wait("answered")
        dialog.hang_up()
        await board.facts.wait(tel.CallHungUp, count=count)
    for kind in (tel.CallEntered, tel.CallHungUp):
        assert len({f.call_id for f in board.facts.all if isinstance(f, kind)}) == 20
        assert sum(isinstance(f, kind) for f in board.facts.all) == 20


async def test_headers_of_the_caller_change_nothing(board: Switchboard, tmp_path: Path) -> None:
    for header in HEADERS:
        entered = await one_call(board, extra=header)
        assert entered.ani.digits == "13800138000"
        assert entered.call_id.startswith(board.values.system_name)
    no_harm(board, tmp_path)


async def test_a_stranger_may_not_call_as_one_of_our_phones(board: Switchboard) -> None:
    dialog = await board.citizen(ani="desk001")
    await dialog.wait("ended")
    assert dialog.status == 401
