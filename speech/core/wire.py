"""What the platform and a worker tell each other: one JSON object in a line. Pure.

The platform believes nothing that a worker says before it was checked here: a worker that breaks
the form is mad, and is ended.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

from speech.core.listening import KEYS, Deaf, Heard, Keyed, Outcome, Silent

LONGEST_LINE = 16_384
_EAR = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Garbled(Exception):
    """A line that breaks the form."""


# --- platform to worker ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expect:
    """A caller's audio will come under the name `ear`: play `files`, listen, tell.

    Files are WAV, 8 kHz mono 16 bits; one that cannot be read is left out.
    """

    ear: str
    files: tuple[str, ...]
    max_digits: int
    timeout_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Forget:
    """The caller is gone."""

    ear: str


@dataclass(frozen=True, slots=True)
class Follow:
    """Write down what is said in a recording that grows: raw, 8 kHz, 16 bits, two channels."""

    ear: str
    file: str


@dataclass(frozen=True, slots=True)
class Complete:
    """The recording will not grow any more: follow it to its end."""

    ear: str


@dataclass(frozen=True, slots=True)
class Read:
    """Write down what the caller says in an archived recording, from this second on: WAV, 8 kHz,
    16 bits, two channels, complete. Told by `Said` and `Followed`, as with `Follow`."""

    ear: str
    file: str
    from_s: float


Order = Expect | Forget | Follow | Complete | Read

# --- worker to platform ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded; audio is taken at this port of the loopback."""

    port: int


@dataclass(frozen=True, slots=True)
class Beat:
    """The worker lives; so many callers are being listened to."""

    streams: int


@dataclass(frozen=True, slots=True)
class Begun:
    """The caller's audio has come; so long the listening may last."""

    ear: str
    longest_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """The only word about an ear that decides anything: how its listening ended.

    `kind`: heard, keyed, silent or deaf. Told before the audio's connection is closed.
    """

    ear: str
    kind: str
    text: str
    confidence_fraction: float
    digits: str
    reason: str


SIDES = ("caller", "operator")
"""Left and right of a recording."""


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance of one side; seconds since the recording began."""

    ear: str
    side: str
    text: str
    confidence_fraction: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Followed:
    """The end of a recording was reached; `reason` says why it was not, else it is empty."""

    ear: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody connected who was not expected, or spoke another protocol."""

    reason: str


Report = Ready | Beat | Begun | Result | Said | Followed | Stranger

_ORDERS: dict[str, type[Order]] = {
    "expect": Expect,
    "forget": Forget,
    "follow": Follow,
    "complete": Complete,
    "read": Read,
}
_REPORTS: dict[str, type[Report]] = {
    "ready": Ready,
    "beat": Beat,
    "begun": Begun,
    "result": Result,
    "said": Said,
    "followed": Followed,
    "stranger": Stranger,
}
T = TypeVar("T", bound=Order | Report)
_NAMES: dict[type[Order | Report], str] = {
    kind: name for table in (_ORDERS, _REPORTS) for name, kind in table.items()
}


def encode(message: Order | Report) -> bytes:
    body = {"is": _NAMES[type(message)], **asdict(message)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def order(line: bytes) -> Order:
    """Raises Garbled."""
    return _decode(line, _ORDERS)


def report(line: bytes) -> Report:
    """Raises Garbled."""
    return _decode(line, _REPORTS)


def result(ear: str, outcome: Outcome) -> Result:
    match outcome:
        case Heard(text=text, confidence_fraction=sure):
            return Result(ear, "heard", text, sure, "", "")
        case Keyed(digits=digits):
            return Result(ear, "keyed", "", 0.0, digits, "")
        case Silent():
            return Result(ear, "silent", "", 0.0, "", "")
        case Deaf(reason=reason):
            return Result(ear, "deaf", "", 0.0, "", reason[:200])


def outcome(told: Result) -> Outcome:
    match told.kind:
        case "heard":
            return Heard(told.text, told.confidence_fraction)
        case "keyed":
            return Keyed(told.digits)
        case "silent":
            return Silent()
        case _:
            return Deaf(told.reason)


def _text(longest: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and len(value) <= longest


def _number(least: float, most: float) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return math.isfinite(value) and least <= value <= most

    return fits


def _whole(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _files(value: object) -> bool:
    text = _text(600)
    return isinstance(value, list) and len(value) <= 60 and all(map(text, value))


_FORMS: dict[str, Callable[[object], bool]] = {
    "ear": lambda value: isinstance(value, str) and _EAR.fullmatch(value) is not None,
    "files": _files,
    "file": _text(600),
    "side": lambda value: value in SIDES,
    "from_s": _number(0, 1_000_000),
    "to_s": _number(0, 1_000_000),
    "max_digits": _whole(1, 32),
    "timeout_s": _number(0, 120),
    "longest_s": _number(0, 20_000),
    "port": _whole(1, 65535),
    "streams": _whole(0, 100_000),
    "kind": lambda value: value in ("heard", "keyed", "silent", "deaf"),
    "text": _text(400),
    "confidence_fraction": _number(0, 1),
    "digits": lambda value: isinstance(value, str) and len(value) <= 32 and set(value) <= KEYS,
    "reason": _text(200),
}


def _decode(line: bytes, table: dict[str, type[T]]) -> T:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Garbled("no JSON") from error
    if not isinstance(found, dict):
        raise Garbled("no object")
    name = found.pop("is", None)
    kind = table.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Garbled("of no known kind")
    names = {field.name for field in fields(kind)}
    if found.keys() != names:
        raise Garbled(f"{name} has other fields")
    for field, value in found.items():
        if not _FORMS[field](value):
            raise Garbled(f"{name} has a {field} that cannot be")
    if "files" in found:
        found["files"] = tuple(found["files"])
    return kind(**found)
