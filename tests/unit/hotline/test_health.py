"""The health report: 200 only when every needed part is up."""

from __future__ import annotations

import asyncio

import pytest

from hotline import health
from hotline.health import Part, PartState, report


async def up() -> PartState:
    return PartState("up")


async def broken() -> PartState:
    raise ConnectionError("refused")


async def off() -> PartState:
    return PartState("off", "no model installed")


async def test_answer_is_200_when_only_an_unneeded_part_is_off() -> None:
    status, body = await report((Part("acd", True, up), Part("speech", False, off)))

    assert status == 200
    assert body["status"] == "up"
    assert body["parts"]["speech"] == {"state": "off", "reason": "no model installed"}
    assert "reason" not in body


async def test_answer_is_503_with_the_reason_when_a_needed_part_raises() -> None:
    status, body = await report((Part("acd", True, up), Part("asterisk", True, broken)))

    assert status == 503
    assert body["reason"] == "asterisk: ConnectionError: refused"


async def test_a_part_that_never_answers_is_down_after_the_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.01)

    async def silent() -> PartState:
        await asyncio.Event().wait()
        return PartState("up")

    status, body = await report((Part("database", True, silent),))

    assert status == 503
    assert "no answer" in body["reason"]
