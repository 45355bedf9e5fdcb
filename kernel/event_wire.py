"""Events on wires: a JSON object with a `type`, on the Redis bus and in the call's timeline."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from kernel import events
from kernel.events import Event


@cache
def event_types() -> dict[str, type[Event]]:
    """All concrete event types of `kernel.events` by name.

    Not from `Event.__subclasses__()`: `slots=True` makes each class twice, and the first making
    stays in that list until it is collected.
    """
    return {
        name: value
        for name, value in vars(events).items()
        if isinstance(value, type) and issubclass(value, Event) and value is not Event
    }


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


def encode(event: Event) -> dict[str, Any]:
    """JSON-ready object: enums by value, datetimes as ISO 8601 with offset, tuples as lists, parts
    as objects, plus `type`."""
    data: dict[str, Any] = {"type": type(event).__name__}
    for field in fields(event):
        data[field.name] = _plain(getattr(event, field.name))
    return data


def decode(data: dict[str, Any]) -> Event:
    """The event that `encode` wrote. Raises KeyError for an unknown type, TypeError for a
    missing field; unknown fields (from a newer version) are ignored."""
    found: Event = _made(event_types()[data["type"]], data)
    return found


def _made(cls: Any, data: dict[str, Any]) -> Any:
    hints = _hints(cls)
    known = {f.name for f in fields(cls)}
    return cls(**{k: _typed(v, hints[k]) for k, v in data.items() if k in known})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value


def _typed(value: Any, hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_typed(v, get_args(hint)[0]) for v in value)
    if isinstance(hint, typing.NewType):
        hint = hint.__supertype__
    if hint is datetime:
        return datetime.fromisoformat(value)
    if is_dataclass(hint):
        return _made(hint, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value
