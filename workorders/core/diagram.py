"""The lifecycle as a Mermaid state diagram, made from the transition table. Pure."""

from __future__ import annotations

from workorders.core.lifecycle import TRANSITIONS
from workorders.core.words import CLOSED_STATES, EVENT_NAMES, STATE_NAMES, CaseState


def mermaid() -> str:
    """The whole diagram, lines in the order of states and events."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.value} : {STATE_NAMES[state]}" for state in CaseState]
    lines.append(f"    [*] --> {CaseState.DRAFT.value}")
    for (state, event), rule in sorted(
        TRANSITIONS.items(), key=lambda item: (list(CaseState).index(item[0][0]), item[0][1])
    ):
        lines.append(f"    {state.value} --> {rule.to.value} : {EVENT_NAMES[event]}")
    lines += [f"    {state.value} --> [*]" for state in CaseState if state in CLOSED_STATES]
    return "\n".join(lines) + "\n"
