"""What the IVR sees of cases and queues, and the simulator on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.ivr_bridges import _STAGES, number_of
from hotline.settings import Settings, read_settings
from hotline.try_flow import Trial, try_flow, typed_keys
from kernel.errors import BadInput, ConfigurationError
from tests.fakes.clock import NOON
from workorders.core.words import CaseState


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("20261124000123", "GZ20261124-000123"),
        ("20261124123", "GZ20261124-000123"),
        ("202611241234567", "GZ20261124-1234567"),
        ("20261324000123", None),
        ("20261124", "GZ20261124-000000"),
        ("2026", None),
        ("", None),
    ],
)
def test_case_number_is_typed_with_or_without_its_zeros(digits: str, number: str | None) -> None:
    assert number_of(digits) == number


def test_every_state_of_a_case_can_be_said() -> None:
    assert set(_STAGES) == set(CaseState)


def trial(flow: str = "main", keys: str | None = "3", lookup: str = "found") -> Trial:
    return Trial(
        flow=flow,
        line="12345",
        ani="13800138000",
        language="",
        lookup=lookup,
        order="",
        voice=True,
        keys=None if keys is None else typed_keys(keys),
    )


def told(settings: Settings, wanted: Trial, *typed: str) -> list[str]:
    said: list[str] = []
    answers = iter(typed)
    try_flow(settings, wanted, NOON, said.append, lambda: next(answers))
    return said


def test_call_on_paper_ends_as_the_call_would() -> None:
    said = told(read_settings(), trial(keys="9,2,3"))
    assert said[-1] == "waits for a person: labour, yue, priority 0"


def test_caller_on_paper_is_asked_for_each_key() -> None:
    said = told(read_settings(), trial(keys=None), "*", "-")
    assert "  < silence" in said
    assert said[-1] == "waits for a person: security, zh, priority 10"


def test_words_are_typed_where_somebody_listens_and_what_was_understood_is_told() -> None:
    said = told(read_settings(), trial(keys=None), "-", "?社保", "是")
    assert "  < ?社保 (understood: labour, asked back)" not in said
    assert "  < 社保 (understood: labour, asked back)" in said
    assert said[-1] == "waits for a person: labour, zh, priority 0"
    assert told(read_settings(), trial(keys="-"))[-1] == "the caller is asked for a word or a key"


def test_broken_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("flow: mine\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml:1: lacks"):
        told(read_settings(), trial(flow=str(path)))


def test_unknown_outcome_of_a_lookup_is_refused() -> None:
    with pytest.raises(BadInput):
        told(read_settings(), trial(lookup="perhaps"))
