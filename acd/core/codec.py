"""Inputs and records as plain JSON values and back, exactly. Pure.

Every value that the log holds is a dataclass of strings, numbers, enums, moments, durations,
tuples, sets and other such dataclasses; the type's hints say how to read it back. Sets are written
in ascending order, so that the same input is always the same text.
"""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from acd.core import effects as fx
from acd.core import inputs as inp
from acd.core.books import FiguresShown
from acd.core.metrics import ClosedMinute
from kernel import telephony as tel

_MICROSECOND = timedelta(microseconds=1)


def _members(*unions: Any) -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for union in unions:
        for member in get_args(union) or (union,):
            found[member.__name__] = member
    return found


TYPES: dict[str, type[Any]] = _members(
    inp.Input,
    tel.TelephonyFact,
    ClosedMinute,
    FiguresShown,
    fx.Order,
    fx.StartTimer,
    fx.CancelTimer,
    fx.Remark,
)
"""Everything that may stand in the log, by name."""


def encode(value: Any) -> dict[str, Any]:
    """A JSON object with the type's name under `type`."""
    plain = _plain(value)
    assert isinstance(plain, dict)
    return {"type": type(value).__name__, **plain}


def decode(data: dict[str, Any]) -> Any:
    """What `encode` wrote, perhaps in an earlier version: what was added since has its default.

    Raises KeyError for an unknown type, TypeError for a field that is missing and has no default.
    """
    return _read(TYPES[data["type"]], data)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, frozenset):
        return sorted(_plain(v) for v in value)
    return value


@cache
def _hints(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls)


def _read(hint: Any, data: Any) -> Any:
    if data is None:
        return None
    if isinstance(hint, typing.NewType):
        return data
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _read(next(a for a in get_args(hint) if a is not type(None)), data)
    if origin is tuple:
        args = get_args(hint)
        if args[-1] is Ellipsis:
            return tuple(_read(args[0], v) for v in data)
        return tuple(_read(a, v) for a, v in zip(args, data, strict=True))
    if origin is frozenset:
        return frozenset(_read(get_args(hint)[0], v) for v in data)
    if is_dataclass(hint):
        cls: Any = hint
        hints = _hints(cls)
        known = (f.name for f in fields(cls) if f.name in data)
        return cls(**{name: _read(hints[name], data[name]) for name in known})
    return _scalar(hint, data)


def _scalar(hint: Any, data: Any) -> Any:
    if hint is datetime:
        return datetime.fromisoformat(data)
    if hint is timedelta:
        return timedelta(microseconds=data)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(data)
    return data
