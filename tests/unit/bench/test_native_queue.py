"""app_queue's side of the match: the dialplan it is given, and its members' steps."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.ami import Ami, Event
from bench.native_queue import ARRIVED, NUMBER, NativeHall, dialplan, queues
from hotline.simulate.operators import Habits

TEAMS = ("labour", "urban")


class KeptAmi(Ami):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, str]] = []

    def send(self, **fields: str) -> None:
        self.sent.append(fields)

    def tell(self, **event: str) -> None:
        told: Event = dict(event)
        for hearer in self._hearers:
            hearer(told)


def hall() -> tuple[KeptAmi, NativeHall]:
    ami = KeptAmi()
    made = NativeHall(ami, {"desk001": "labour"})
    made.open()
    return ami, made


def test_each_key_leads_to_the_queue_of_its_team() -> None:
    text = dialplan(TEAMS, Path("/prompts"), Path("/recordings"))

    assert f"exten => {NUMBER},1,Goto(bench-queue,s,1)" in text
    assert "exten => key-1,1,Set(TEAM=labour)" in text
    assert "exten => key-2,1,Set(TEAM=urban)" in text
    assert "${FILTER(1-9,${KEY})}" in text


def test_every_team_has_a_queue_that_polls_as_often_as_app_queue_can() -> None:
    text = queues(TEAMS)

    assert "[bench-labour]" in text
    assert "[bench-urban]" in text
    assert text.count("retry = 1\n") == text.count("autofill = yes\n") == len(TEAMS)


def test_the_arrival_is_asterisks_own_and_the_first_counts() -> None:
    ami, made = hall()
    ami.tell(Event="UserEvent", UserEvent=ARRIVED, Call="c-1", Arrived="1500")
    ami.tell(Event="UserEvent", UserEvent=ARRIVED, Call="c-1", Arrived="2500")
    ami.tell(Event="UserEvent", UserEvent="Hotline", Call="c-2", Arrived="1500")

    assert made.arrived_at == {"c-1": 1.5}


async def test_a_member_is_paused_from_the_answer_to_the_end_of_the_write_up() -> None:
    ami, made = hall()
    said: list[str] = []
    again = asyncio.Event()

    def ready(phone: str, at: float) -> None:
        said.append(phone)
        if len(said) == 2:
            again.set()

    operator = made.operator("desk001", Habits(0.0, 0.0), ready)
    await operator.sit_down()
    over = asyncio.Event()
    work = asyncio.create_task(operator.take_calls(over))
    await asyncio.sleep(0)
    ami.tell(Event="DialEnd", DialStatus="BUSY", DestChannel="PJSIP/desk001-0000000a")
    ami.tell(Event="DialEnd", DialStatus="ANSWER", DestChannel="PJSIP/desk001-0000000b")
    async with asyncio.timeout(5):
        await again.wait()
        over.set()
        await work
    await operator.leave()

    assert [(s["Action"], s.get("Paused", "")) for s in ami.sent] == [
        ("QueueAdd", "true"),
        ("QueuePause", "false"),
        ("QueuePause", "true"),
        ("Hangup", ""),
        ("QueuePause", "false"),
        ("QueueRemove", ""),
    ]
    assert ami.sent[0]["Queue"] == "bench-labour"
    assert ami.sent[3]["Channel"] == "PJSIP/desk001-0000000b"
