"""Orders and queries as AMI actions: their names on the wire, their deadlines, and whether one may
ever be sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from cti.core.dial_back import DialOut
from cti.core.read_back import ChannelRow
from cti.core.words import (
    CONTEXT_PREFIX,
    DIAL_ORDER,
    FALLBACK_QUEUE_PREFIX,
    SEPARATOR,
    Context,
    Role,
    TruthVariable,
)
from cti.ports import DialCitizen, HangUp, JoinQueue, LeaveQueue, Log, Order, Redirect, SetVariable
from kernel.errors import NotFound, Unavailable


class Repeat(StrEnum):
    """What may become of an action whose answer never came."""

    READ = "read"
    """It only asks. The next connection asks again, as it is."""
    STATE = "state"
    """It sets something to a value: twice is once. What is wanted *then* is set after a loss."""
    ONCE = "once"
    """It moves, rings or ends somebody. It is never sent again, and never without a valid lease;
    after a loss the truth is read back, and the wish is judged anew."""


@dataclass(frozen=True, slots=True)
class Manner:
    repeat: Repeat
    deadline_s: float


MANNERS: Mapping[str, Manner] = {
    "Login": Manner(Repeat.STATE, 5.0),
    "Ping": Manner(Repeat.READ, 3.0),
    "CoreStatus": Manner(Repeat.READ, 5.0),
    "Status": Manner(Repeat.READ, 5.0),
    "DeviceStateList": Manner(Repeat.READ, 5.0),
    "QueueStatus": Manner(Repeat.READ, 5.0),
    "Getvar": Manner(Repeat.READ, 5.0),
    "Setvar": Manner(Repeat.STATE, 5.0),
    "QueueAdd": Manner(Repeat.STATE, 5.0),
    "QueueRemove": Manner(Repeat.STATE, 5.0),
    "Redirect": Manner(Repeat.ONCE, 5.0),
    "Hangup": Manner(Repeat.ONCE, 5.0),
    "Originate": Manner(Repeat.ONCE, 5.0),
}
"""Every action this department sends; another one cannot be sent."""

_GONE = ("no such channel", "channel does not exist", "does not exist", "not found")
_ALREADY = ("already there", "not there", "unable to remove", "unable to add")


def action_of(order: Order, term: int) -> dict[str, object]:
    """The AMI action that carries out `order` of the run `term`.

    Source: Asterisk 22 AMI actions of these names; the context `cc-order` of the dialplan.
    """
    match order:
        case Redirect(channel=channel, context=context, exten=exten, other=other):
            fields: dict[str, object] = {
                "Action": "Redirect",
                "Channel": channel,
                "Context": Context.ORDER.value,
                "Exten": _fenced(term, context, exten),
                "Priority": "1",
            }
            if other is not None:
                other_channel, other_context, other_exten = other
                fields |= {
                    "ExtraChannel": other_channel,
                    "ExtraContext": Context.ORDER.value,
                    "ExtraExten": _fenced(term, other_context, other_exten),
                    "ExtraPriority": "1",
                }
            return fields
        case HangUp(channel=channel):
            return {"Action": "Hangup", "Channel": channel, "Cause": "16"}
        case SetVariable(channel=target, name=name, value=value):
            where = {"Channel": target} if target is not None else {}
            return {"Action": "Setvar", **where, "Variable": name, "Value": value}
        case JoinQueue(team=team, endpoint=endpoint):
            return {
                "Action": "QueueAdd",
                "Queue": f"{FALLBACK_QUEUE_PREFIX}{team}",
                "Interface": f"PJSIP/{endpoint}",
            }
        case LeaveQueue(team=team, endpoint=endpoint):
            return {
                "Action": "QueueRemove",
                "Queue": f"{FALLBACK_QUEUE_PREFIX}{team}",
                "Interface": f"PJSIP/{endpoint}",
            }
        case DialCitizen(out=out):
            return _originate(out, term)
        case _:
            assert_never(order)


ORIGINATE_MARGIN_S = 30
"""The dialplan ends the ringing; should it not, Asterisk ends the dialling channel then."""


def _originate(out: DialOut, term: int) -> dict[str, object]:
    """A Local channel whose second half is the order, so that it meets the same fence as all.

    Its id is the callback's: Asterisk refuses a second channel of the same id while it is there.
    """
    variables = {
        TruthVariable.ROLE: Role.DIALLER.value,
        TruthVariable.CALLBACK: out.callback_id,
        TruthVariable.TEAM: out.team,
        TruthVariable.LANGUAGE: out.language.value,
        TruthVariable.PRIORITY: str(out.priority),
        TruthVariable.ARRIVED: str(out.arrived_ms),
    }
    exten = SEPARATOR.join((str(term), DIAL_ORDER, out.exten))
    return {
        "Action": "Originate",
        "Channel": f"Local/{exten}@{Context.ORDER.value}/n",
        "ChannelId": f"dial-{out.callback_id}",
        "Context": Context.DIALLER.value,
        "Exten": "s",
        "Priority": "1",
        "Timeout": str((out.ring_s + ORIGINATE_MARGIN_S) * 1000),
        "Async": "true",
        "Variable": [f"{name.value}={value}" for name, value in variables.items()],
    }


def _fenced(term: int, context: str, exten: str) -> str:
    """Where an order comes in: with the number of its run, which the dialplan looks at."""
    return SEPARATOR.join((str(term), context.removeprefix(CONTEXT_PREFIX), exten))


def check_reply(order: Order, reply: Any, log: Log) -> None:
    """Raises NotFound when the channel is gone, Unavailable when the order was refused."""
    if reply.success:
        return
    text = str(reply.message)
    lowered = text.lower()
    if isinstance(order, (JoinQueue, LeaveQueue)) and any(t in lowered for t in _ALREADY):
        return
    if any(t in lowered for t in _GONE):
        raise NotFound("来电已不在线")
    log.warning("order_refused", order=type(order).__name__, reason=text)
    raise Unavailable("电话系统拒绝指令")


def channel_row(message: Any) -> ChannelRow:
    """One `Status` event; variables that are not set come as `(null)`."""
    listed = message.get("variable", [])
    pairs = (item.partition("=") for item in (listed if isinstance(listed, list) else [listed]))
    return ChannelRow(
        channel=str(message.channel),
        bridge=str(message.bridgeid),
        up=str(message.channelstatedesc).lower() == "up",
        variables={name: value for name, _, value in pairs if value not in ("", "(null)")},
    )
