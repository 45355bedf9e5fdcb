"""The words that the dialplan and this package share; nothing else may spell them.

`config/asterisk/README.md` lists the same names for the reader of the dialplan, and
`tests/architecture/test_dialplan_is_safe.py` proves that the three agree.
"""

from __future__ import annotations

from enum import StrEnum


class Context(StrEnum):
    """Contexts a caller's or an operator's channel may be redirected to."""

    ORDER = "cc-order"
    DELIVER = "cc-deliver"
    DIALLER = "cc-dialler"
    WAITING = "cc-waiting"
    REQUEUE = "cc-requeue"
    HOLD = "cc-hold"
    CONSULT = "cc-consult"
    JOIN = "cc-join"
    TALKED = "cc-talked"


class AgiPath(StrEnum):
    """Questions the dialplan asks over FastAGI."""

    DIALOGUE_BEGIN = "dialogue/begin"
    DIALOGUE_NEXT = "dialogue/next"
    WAITING_TURN = "waiting/turn"
    WAITING_KEY = "waiting/key"
    WAITING_NEXT = "waiting/next"
    CALLBACK_BEGIN = "callback/begin"
    CALLBACK_NEXT = "callback/next"
    SURVEY_BEGIN = "survey/begin"
    SURVEY_NEXT = "survey/next"


class Do(StrEnum):
    """Values of `CC_DO`: what the dialplan does next (its extension is `do-<value>`)."""

    PLAY = "play"
    COLLECT = "collect"
    QUEUE = "queue"
    OUT = "out"
    HANGUP = "hangup"
    WAIT = "wait"
    CALLBACK = "callback"
    MESSAGE = "message"
    TAKEN = "taken"
    LISTEN = "listen"


LISTENED = "listened"
"""Value of `CC_INPUT` after a listening: what came of it never passes through the dialplan."""


class AnswerVariable(StrEnum):
    """Channel variables that an answer over FastAGI sets."""

    DO = "CC_DO"
    PLAY = "CC_PLAY"
    PLAY2 = "CC_PLAY2"
    PLAY3 = "CC_PLAY3"
    MAX = "CC_MAX"
    TIMEOUT = "CC_TIMEOUT"
    FRESH = "CC_FRESH"
    TAKEN = "CC_TAKEN"
    TEAM = "CC_TEAM"
    LANGUAGE = "CC_LANGUAGE"
    PRIORITY = "CC_PRIORITY"
    NUMBER = "CC_NUMBER"
    ARRIVED = "CC_ARRIVED"
    SHORTEST = "CC_SHORTEST"
    SILENCE = "CC_SILENCE"
    EAR = "CC_EAR"
    EAR_PORT = "CC_EAR_PORT"


class TruthVariable(StrEnum):
    """Channel variables read back after a reconnect: Asterisk's truth about a channel."""

    ROLE = "CC_ROLE"
    CALL = "CC_CALL_ID"
    LEG_OF = "CC_LEG_OF"
    STATE = "CC_STATE"
    SEQ = "CC_SEQ"
    ANI = "CC_ANI"
    DNIS = "CC_DNIS"
    NAME = "CC_NAME"
    TEAM = "CC_TEAM"
    LANGUAGE = "CC_LANGUAGE"
    PRIORITY = "CC_PRIORITY"
    ARRIVED = "CC_ARRIVED"
    WANTED = "CC_WANTED"
    OFFER = "CC_OFFER"
    ENDPOINT = "CC_ENDPOINT"
    RECORDED = "CC_RECORDED"
    TERM = "CC_TERM"
    CALLBACK_NUMBER = "CC_CALLBACK_NUMBER"
    CALLBACK = "CC_CALLBACK"
    MESSAGE_S = "CC_MESSAGE_S"
    DIALSTATUS = "DIALSTATUS"


class Place(StrEnum):
    """Values of `CC_STATE`."""

    IVR = "ivr"
    WAITING = "waiting"
    FALLBACK = "fallback"
    OFFERED = "offered"
    TALKING = "talking"
    CONSULTING = "consulting"
    AFTER_CALL = "after_call"
    OUT = "out"
    LEAVING = "leaving"


class Tell(StrEnum):
    """The header `Fact` of the dialplan's `UserEvent`."""

    ENTERED = "entered"
    WAITING = "waiting"
    FALLBACK = "fallback"
    OFFER_FAILED = "offer_failed"
    TALK_ENDED = "talk_ended"
    HELD = "held"
    JOINED = "joined"
    CALLBACK = "callback"
    MESSAGE = "message"
    HUNGUP = "hungup"


class DialTell(StrEnum):
    """The same header, told by a channel that dials a citizen."""

    DIALLING = "dialling"
    DIALLED = "dialled"


class Role(StrEnum):
    """Values of `CC_ROLE`."""

    CALLER = "caller"
    OPERATOR = "operator"
    CONSULTED = "consulted"
    DIALLER = "dialler"


USER_EVENT = "Hotline"
BEAT_VARIABLE = "CC_BEAT"
TERM_VARIABLE = "CC_TERM"
CONTEXT_PREFIX = "cc-"
FALLBACK_QUEUE_PREFIX = "fallback-"
DIAL_ORDER = "dial"
"""The order that a dialling channel brings along, as `<term>*dial*<number>*<ring seconds>`."""
CARRIER_OUT = "carrier-out"
HEADER_CALL = "X-Hotline-Call"
HEADER_OFFER = "X-Hotline-Offer"
SEPARATOR = "*"
"""Between the arguments of an order that travel in the extension of one Redirect."""

AMI_EVENTS = (
    "UserEvent",
    "DialBegin",
    "DialEnd",
    "Hold",
    "Unhold",
    "ContactStatus",
    "FullyBooted",
    "Shutdown",
)
"""Events that pass the filter of the platform's account (`DialState` besides, only RINGING, and
`DeviceStateChange` of the phones)."""

PHONE_DEVICES = ("PJSIP/booth", "PJSIP/desk")
"""How the devices of our phones begin; the carrier's change with every call and tell nothing."""
