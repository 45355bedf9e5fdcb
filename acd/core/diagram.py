"""The state diagrams, written from the tables.

`docs/diagrams/acd-states.md` must equal `document()`; a test compares them.

Rewrite it with `python -m acd.core.diagram > docs/diagrams/acd-states.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from acd.core.agent import (
    ACTIVITY,
    SESSION,
    STATUS,
    ActivityKind,
    SessionKind,
    StatusKind,
)
from acd.core.call import CALL, CallKind, Outcome
from acd.core.callback import CALLBACK, CallbackKind

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)

_HEAD = """# The distribution's states

Generated from the transition tables of `acd/core`; do not edit. What is not drawn is refused.
"""


def mermaid(table: Mapping[tuple[State, Event], State], first: State) -> str:
    """One state diagram; the events between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), target in table.items():
        arrows.setdefault((state.value, target.value), []).append(event.value)
    lines = ["stateDiagram-v2", f"    [*] --> {first.value}"]
    lines += [
        f"    {state} --> {target}: {', '.join(events)}"
        for (state, target), events in arrows.items()
    ]
    return "\n".join(lines)


def offers() -> str:
    """An offer has no table: it is open, then it has one outcome and is gone."""
    lines = ["stateDiagram-v2", "    [*] --> open"]
    lines += [f"    open --> {o.value}\n    {o.value} --> [*]" for o in Outcome]
    return "\n".join(lines)


def document() -> str:
    """The whole file."""
    parts = [
        ("An agent's session", mermaid(SESSION, SessionKind.LOGGED_OUT)),
        ("An agent's status", mermaid(STATUS, StatusKind.NOT_READY)),
        ("An agent's activity", mermaid(ACTIVITY, ActivityKind.IDLE)),
        ("A call", mermaid(CALL, CallKind.WAITING)),
        ("An offer", offers()),
        ("A callback", mermaid(CALLBACK, CallbackKind.DUE)),
    ]
    body = "\n".join(f"\n## {title}\n\n```mermaid\n{text}\n```" for title, text in parts)
    return f"{_HEAD}{body}\n"


if __name__ == "__main__":
    print(document(), end="")
