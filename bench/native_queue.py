"""The rival on the same Asterisk: app_queue at its best, beside the platform's own dialplan.

A number of its own leads to a caller's life that differs from the platform's in nothing but who
distributes: answer, the same prompts and keys, the same recording and hold music, a queue for each
team, the survey. Its operators' software is this process: a member is paused from the answer to the
end of the write-up, as whoever builds on app_queue does.

Settings chosen for it: autofill, retry 1 s (0 means 5), no wrapuptime, no announcements, no
penalties, ringinuse off, the strategy that ours uses (longest since the last call); each queue
holds its own members only. Source: apps/app_queue.c of Asterisk 22; contact-centre notes 1.2.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.ami import Ami, Event
from hotline.simulate.operators import Habits

NUMBER = "96000"
ARRIVED = "BenchQueued"
_DIALPLAN = """
[cc-from-carrier](+)
exten => {number},1,Goto(bench-queue,s,1)

[bench-queue]
exten => s,1,Set(CC_CALL_ID=${{FILTER(a-z0-9-,${{REPLACE(UNIQUEID,.,-)}})}})
 same => n,Set(CHANNEL(musicclass)=hotline)
 same => n,Answer(0,i)
 same => n,Read(KEY,{prompts}/zh/welcome&{prompts}/zh/menu,1,,1,5)
 same => n,Goto(key-${{FILTER(1-9,${{KEY}})}},1)
{keys}exten => queue,1,MixMonitor({recordings}/${{CC_CALL_ID}}.raw,bD)
 same => n,UserEvent({arrived},Call: ${{CC_CALL_ID}},Arrived: ${{STRFTIME(,UTC,%s%3q)}})
 same => n,Queue(bench-${{TEAM}},cb(bench-leg^s^1(${{CC_CALL_ID}})))
 same => n,Read(SCORE,{prompts}/zh/survey_question,1,,1,5)
 same => n,Playback({prompts}/zh/survey_thanks)
 same => n,Hangup(16)

[bench-leg]
exten => s,1,Set(PJSIP_HEADER(add,X-Hotline-Call)=${{ARG1}})
 same => n,Set(PJSIP_HEADER(add,X-Hotline-Offer)=${{ARG1}}.1)
 same => n,Return()
"""
_QUEUE = """
[bench-{team}]
strategy = leastrecent
musicclass = hotline
timeout = 20
retry = 1
wrapuptime = 0
autofill = yes
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-frequency = 0
announce-holdtime = no
"""


def dialplan(teams: Sequence[str], prompts: Path, recordings: Path) -> str:
    """What is added to `extensions.conf`; the n-th key leads to the n-th team."""
    keys = "".join(
        f"exten => key-{n},1,Set(TEAM={team})\n same => n,Goto(queue,1)\n"
        for n, team in enumerate(teams, 1)
    )
    return _DIALPLAN.format(
        number=NUMBER, prompts=prompts, recordings=recordings, keys=keys, arrived=ARRIVED
    )


def queues(teams: Sequence[str]) -> str:
    """What is added to `queues.conf`."""
    return "".join(_QUEUE.format(team=team) for team in teams)


@dataclass(slots=True)
class NativeHall:
    """The members, and when each caller came into the line: seconds since 1970, by call id."""

    ami: Ami
    queue_of_phone: Mapping[str, str]
    arrived_at: dict[str, float] = field(default_factory=dict)
    _members: dict[str, NativeOperator] = field(default_factory=dict)

    def open(self) -> None:
        self.ami.hear(self._heard)

    def operator(
        self, phone: str, habits: Habits, ready: Callable[[str, float], None]
    ) -> NativeOperator:
        """`ready` is told the phone and the time as each unpause leaves."""
        operator = NativeOperator(self, phone, habits, ready)
        self._members[phone] = operator
        return operator

    def _heard(self, event: Event) -> None:
        name = event.get("Event")
        if name == "UserEvent" and event.get("UserEvent") == ARRIVED:
            self.arrived_at.setdefault(event["Call"], int(event["Arrived"]) / 1000)
        elif name == "DialEnd" and event.get("DialStatus") == "ANSWER":
            phone, _, _ = event.get("DestChannel", "").removeprefix("PJSIP/").rpartition("-")
            member = self._members.get(phone)
            if member is not None:
                member.answered(event["DestChannel"])


class NativeOperator:
    """One member of one queue; the same steps as the platform's headless operator."""

    def __init__(
        self,
        hall: NativeHall,
        phone: str,
        habits: Habits,
        ready: Callable[[str, float], None],
    ) -> None:
        self._hall = hall
        self._phone = phone
        self._habits = habits
        self._calls = 0
        self._said_ready = ready
        self._talks: asyncio.Queue[str] = asyncio.Queue()

    def answered(self, channel: str) -> None:
        """This operator's phone has been picked up."""
        self._talks.put_nowait(channel)

    async def sign_in(self) -> None:
        """A member signs in nowhere."""

    async def sit_down(self) -> None:
        self._order("QueueAdd", Paused="true")

    async def take_calls(self, until: asyncio.Event) -> None:
        """Be ready and serve until told to stop; the call in hand is finished."""
        self._ready()
        stop = asyncio.create_task(until.wait())
        try:
            while not until.is_set():
                talk = asyncio.create_task(self._talks.get())
                await asyncio.wait({talk, stop}, return_when=asyncio.FIRST_COMPLETED)
                if not talk.done():
                    talk.cancel()
                    return
                await self._serve(talk.result())
        finally:
            stop.cancel()

    async def leave(self) -> None:
        self._order("QueueRemove")

    async def _serve(self, channel: str) -> None:
        self._order("QueuePause", Paused="true")
        self._calls += 1
        await asyncio.sleep(self._habits.talk_s)
        self._hall.ami.send(Action="Hangup", Channel=channel, Cause="16")
        await asyncio.sleep(self._habits.wrap_of(self._calls))
        self._ready()

    def _ready(self) -> None:
        self._said_ready(self._phone, time.time())
        self._order("QueuePause", Paused="false")

    def _order(self, action: str, **fields: str) -> None:
        self._hall.ami.send(
            Action=action,
            Queue=f"bench-{self._hall.queue_of_phone[self._phone]}",
            Interface=f"PJSIP/{self._phone}",
            **fields,
        )
