"""Numbers, CSV cells, and what a person may see of who spoke."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import TeamId
from kernel.language import Language
from kernel.policy import Principal
from tests.unit.workorders.world import AGENT, ANI, FUME, OPERATOR, QUALITY, SUPERVISOR
from workorders.core.case import Case, without_text
from workorders.core.csv_text import cell, line
from workorders.core.lifecycle import Progress
from workorders.core.numbers import case_number, city_day, is_case_number, order_number
from workorders.core.privacy import identity_of, may_read_in_lists, shown_text
from workorders.core.words import CaseState


def test_a_case_number_names_the_day_of_the_city_and_the_sequence() -> None:
    late_evening_utc = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)

    assert city_day(late_evening_utc) == date(2026, 11, 24)
    assert case_number(city_day(late_evening_utc), 123) == "GZ20261124-000123"


def test_a_work_order_carries_the_number_of_its_case() -> None:
    assert order_number("GZ20261124-000123", 1) == "GZ20261124-000123-01"


@pytest.mark.parametrize("ordinal", [0, 100])
def test_a_case_has_one_to_ninety_nine_orders(ordinal: int) -> None:
    with pytest.raises(ValueError, match="1 to 99"):
        order_number("GZ20261124-000123", ordinal)


def test_sequences_count_from_one() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        case_number(date(2026, 11, 24), 0)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("GZ20261124-000123", True),
        ("GZ20261124-1000000", True),
        ("GZ20261324-000123", False),
        ("GZ20261124-000123-01", False),
        ("gz20261124-000123", False),
        ("", False),
    ],
)
def test_only_a_real_day_makes_a_case_number(text: str, valid: bool) -> None:
    assert is_case_number(text) is valid


# --- CSV --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+8613800138000",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =HYPERLINK(1)",
        "＝1+1",
        '=cmd|"/c calc"!A1',
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert cell(text).lstrip('"').startswith("'")


def test_a_cell_keeps_commas_quotes_and_lines_readable() -> None:
    assert cell('油烟,"很大"\n六楼') == '"油烟,""很大""\n六楼"'
    assert cell("普通文字") == "普通文字"
    assert cell("") == ""


def test_a_nul_never_reaches_the_file() -> None:
    assert cell("\0=1+1") == "'=1+1"


@given(st.lists(st.text(st.characters(exclude_characters="\0\r\n"), max_size=30), min_size=2))
def test_a_record_is_read_back_whole_by_any_reader(values: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(line(values), newline="")))

    assert len(rows) == 1
    assert [v.removeprefix("'") for v in rows[0]] == [v.removeprefix("'") for v in values]


# --- who may see what -------------------------------------------------------------------------

CASE = Case(
    number="GZ20261124-000001",
    filed_at=datetime(2026, 11, 24, 4, tzinfo=UTC),
    content=replace(FUME, contact_number="13900139000", description="请打13712345678找我"),
    progress=Progress(CaseState.DISPATCHED, filed_by=AGENT),
    team=TeamId("urban"),
    ani=ANI,
    language=Language.MANDARIN,
    agent_id=AGENT,
    draft_id="d",
)


def hidden(**flags: bool) -> Case:
    return replace(CASE, content=replace(CASE.content, **flags))  # type: ignore[arg-type]


@pytest.mark.parametrize("viewer", [OPERATOR, QUALITY])
def test_a_number_is_masked_for_those_without_the_grant(viewer: Principal) -> None:
    seen = identity_of(CASE, viewer)

    assert seen.number == "138****8000"
    assert seen.contact_number == "139****9000"
    assert seen.name == "段先生"


def test_a_number_is_whole_for_a_grant_holder() -> None:
    assert identity_of(CASE, SUPERVISOR).number == ANI


@pytest.mark.parametrize("viewer", [OPERATOR, QUALITY, SUPERVISOR])
@pytest.mark.parametrize("flag", ["confidential", "anonymous"])
def test_a_hidden_identity_is_shown_to_nobody_unasked(viewer: Principal, flag: str) -> None:
    seen = identity_of(hidden(**{flag: True}), viewer)

    assert (seen.name, seen.number, seen.contact_number) == ("", "", "")
    assert seen.hidden
    assert seen.revealable is (viewer is SUPERVISOR)


def test_numbers_inside_the_words_of_a_confidential_case_are_masked() -> None:
    assert "13712345678" not in shown_text("请打13712345678", hidden(confidential=True), OPERATOR)
    assert "13712345678" in shown_text("请打13712345678", CASE, OPERATOR)


def test_lists_show_the_words_of_a_confidential_case_to_grant_holders_only() -> None:
    case = hidden(confidential=True)

    assert not may_read_in_lists(case, OPERATOR)
    assert may_read_in_lists(case, SUPERVISOR)


def test_the_screen_pop_gets_no_words_of_a_hidden_case() -> None:
    bare = without_text(hidden(confidential=True))

    assert bare.title == ""
    assert bare.content.address == ""
    assert bare.ani == ""
    assert bare.number == CASE.number


def test_a_title_is_one_short_line() -> None:
    long = replace(CASE, content=replace(CASE.content, description="第一行\n" + "长" * 60))

    assert "\n" not in long.title
    assert len(long.title) == 31
    assert long.title.endswith("…")
