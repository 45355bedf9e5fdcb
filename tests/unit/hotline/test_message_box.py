"""A message that was left becomes a task for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from callbacks.core.intake import Missed
from callbacks.core.task import Kind
from callbacks.service import DutyCallbacks
from hotline.callback_bridges import MessageBox
from kernel.ids import CallId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import LineLost, MessageLeft
from tests.fakes.clock import NOON


class Taken:
    """What `DutyCallbacks.take` was given."""

    def __init__(self) -> None:
        self.all: list[Missed] = []

    def take(self, missed: Missed) -> None:
        self.all.append(missed)


def test_a_message_becomes_a_task_and_nothing_else_does() -> None:
    duty = Taken()
    box = MessageBox(cast(DutyCallbacks, duty))
    call, team = CallId("gz1-1795492774-0"), TeamId("labour")
    number, spoken = PhoneNumber("13800138000"), timedelta(seconds=9)
    box.on_fact(LineLost("cut", NOON))
    box.on_fact(MessageLeft(call, number, team, Language.CANTONESE, spoken, NOON))
    assert duty.all == [Missed(Kind.MESSAGE, call, number.digits, team, Language.CANTONESE, NOON)]
