"""Can the line take calls? Each part names its state; the whole is down if a needed part is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

CHECK_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class PartState:
    """`state`: up, down, or off (not installed, not needed). `reason` says why when not up."""

    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """`needed`: without it no call can be taken, and the answer is 503."""

    name: str
    needed: bool
    check: Callable[[], Awaitable[PartState]]


async def report(parts: tuple[Part, ...]) -> tuple[int, dict[str, Any]]:
    """HTTP status and body: 200 when every needed part is up, else 503 with the reasons."""
    states = await asyncio.gather(*(_checked(part) for part in parts))
    failing = [
        f"{part.name}: {state.reason}"
        for part, state in zip(parts, states, strict=True)
        if part.needed and state.state != "up"
    ]
    body: dict[str, Any] = {
        "status": "down" if failing else "up",
        "parts": {
            part.name: {"state": state.state, "reason": state.reason}
            for part, state in zip(parts, states, strict=True)
        },
    }
    if failing:
        body["reason"] = "; ".join(failing)
    return (503 if failing else 200), body


async def _checked(part: Part) -> PartState:
    try:
        return await asyncio.wait_for(part.check(), CHECK_TIMEOUT_S)
    except TimeoutError:
        return PartState("down", f"no answer within {CHECK_TIMEOUT_S:g} s")
    except Exception as error:
        # A health check reports every fault instead of having one.
        return PartState("down", f"{type(error).__name__}: {error}")
