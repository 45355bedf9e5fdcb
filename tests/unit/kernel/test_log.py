"""No telephone number reaches a log unmasked."""

from __future__ import annotations

from kernel.infra.log import mask_numbers


def test_numbers_are_masked_in_every_text_field() -> None:
    line = mask_numbers(None, "info", {"event": "call 13800138000", "ani": "13800138000", "n": 3})

    assert line == {"event": "call 138****8000", "ani": "138****8000", "n": 3}


def test_identifiers_with_long_digit_runs_are_left_whole() -> None:
    line = {"call_id": "gz1-1795492800-12", "offer_id": "gz1-1795492800-12.1"}

    assert mask_numbers(None, "info", dict(line)) == line
