"""The table of intents as it is edited: phrases in and out, what differs, what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.intent_files import parse_intents, read_sheet, write_sheet
from ivr.core.intent_rules import (
    Overlap,
    Problem,
    Rule,
    Spot,
    lost,
    overlaps,
    problems,
    unheard,
    words_of,
)
from ivr.core.intent_sheet import (
    LONGEST_WRITTEN,
    Change,
    IntentSheet,
    Place,
    cells,
    changes_of,
    difference,
    edited,
    table_of,
    written,
)
from ivr.core.intents import understand
from kernel.errors import BadInput, ConfigurationError
from kernel.language import Language
from tests.unit.ivr.shelf import SHIPPED_INTENTS
from tests.unit.ivr.shipped import intents

SHEET = read_sheet("intents.yaml", SHIPPED_INTENTS)
FEW = {"labour", "social_insurance", "urban", "person", "emergency_110"}
SMALL = replace(
    edited(
        SHEET,
        [Change(place, p, False) for place, found in cells(SHEET) for p in found[4:]],
    ),
    intents=tuple(
        replace(i, phrases={language: found[:4] for language, found in i.phrases.items()})
        for i in SHEET.intents
        if i.name in FEW
    ),
    variants=SHEET.variants[:3],
)
"""Of every part a little, for what is tried a hundred times."""
PLACES = [place for place, _ in cells(SMALL)]
LABOUR = Place("labour", Language.MANDARIN)
ODD = "社保报险險查11一是 -'’·.<>&#:,[]{}\"'\\yesno👷𨋢"
PHRASES = st.text(alphabet=ODD, min_size=1, max_size=40).filter(lambda text: text.strip())
KNOWN = st.sampled_from([(place, phrase) for place, found in cells(SMALL) for phrase in found])
CHANGES = st.lists(
    st.one_of(
        st.builds(Change, st.sampled_from(PLACES), PHRASES, st.just(True)),
        KNOWN.map(lambda one: Change(*one, added=False)),
        KNOWN.map(lambda one: Change(*one, added=True)),
    ),
    max_size=8,
)


def with_phrases(*phrases: str, place: Place = LABOUR, sheet: IntentSheet = SHEET) -> IntentSheet:
    return edited(sheet, [Change(place, phrase, True) for phrase in phrases])


def phrases_at(sheet: IntentSheet, place: Place) -> tuple[str, ...]:
    return dict(cells(sheet))[place]


# --- editing -------------------------------------------------------------------------------------


def test_phrases_are_added_last_and_taken_out_by_their_words() -> None:
    added = with_phrases(" 讨  薪水 ")
    assert phrases_at(added, LABOUR)[-1] == "讨 薪水"
    assert edited(added, [Change(LABOUR, "讨 薪水", False)]) == SHEET


@pytest.mark.parametrize("again", ["社保", "社 保", "社保！", "社会保險", "ＳＯＣＩＡＬ security"])
def test_phrase_that_is_there_in_the_same_form_is_not_added_twice(again: str) -> None:
    place = LABOUR if "社" in again else Place("labour", Language.ENGLISH)
    assert with_phrases(again, place=place) == SHEET


@pytest.mark.parametrize(
    "place",
    [Place("nobody", Language.MANDARIN), Place("labour"), Place("units"), Place("variants")],
)
def test_there_are_no_other_cells(place: Place) -> None:
    with pytest.raises(BadInput):
        with_phrases("社保", place=place)


@pytest.mark.parametrize("text", ["", "  \t\n", "社" * (LONGEST_WRITTEN + 1), "a\x00b", "\ud800"])
def test_what_cannot_be_kept_as_a_phrase_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        written(text)


# --- the text ------------------------------------------------------------------------------------


def test_shipped_table_is_written_and_read_again() -> None:
    body = write_sheet(SHEET)
    assert read_sheet("again", body) == SHEET
    again, shipped = parse_intents("again", body), intents()
    assert (again.intents, again.phrases) == (shipped.intents, shipped.phrases)
    assert (again.yes, again.no, again.units) == (shipped.yes, shipped.no, shipped.units)


@given(changes=CHANGES)
def test_whatever_is_typed_is_written_and_read_again(changes: list[Change]) -> None:
    sheet = edited(SMALL, changes)
    assert read_sheet("again", write_sheet(sheet)) == sheet


@given(changes=CHANGES)
def test_text_is_refused_exactly_when_a_rule_is_broken(changes: list[Change]) -> None:
    sheet = edited(SMALL, changes)
    wrong = problems(sheet)
    try:
        table = parse_intents("draft", write_sheet(sheet))
    except ConfigurationError as error:
        assert len(error.message.splitlines()) == len(wrong) > 0
    else:
        assert wrong == ()
        assert table.phrases == table_of(sheet).phrases


@given(changes=CHANGES)
def test_difference_tells_everything_that_has_changed(changes: list[Change]) -> None:
    new = edited(SMALL, changes)
    found = difference(SMALL, new)
    again = edited(SMALL, changes_of(found))
    assert {p: set(found) for p, found in cells(again)} == {p: set(f) for p, f in cells(new)}
    back = edited(new, changes_of(difference(new, SMALL)))
    assert difference(back, SMALL) == ()


@given(changes=CHANGES, said=st.text(alphabet=ODD, max_size=30))
def test_draft_that_is_wrong_can_be_tried_all_the_same(changes: list[Change], said: str) -> None:
    table = table_of(edited(SMALL, changes))
    assert all(wish in table.intents for wish in understand(table, said).wishes)


def test_new_phrase_is_understood_and_one_taken_out_is_not() -> None:
    assert understand(table_of(with_phrases("讨公道")), "我要讨公道").wishes == ("labour",)
    without = edited(SHEET, [Change(LABOUR, "辞退", False)])
    assert understand(table_of(without), "辞退").wishes == ()


def test_what_an_intent_is_and_the_units_are_told_as_they_are_written() -> None:
    body = SHIPPED_INTENTS.replace("within: consumer", "gives_way: true", 1)
    body = body.replace("units: 块", "units: ")
    found = {one.place.key: one for one in difference(SHEET, read_sheet("x", body))}
    assert found["express_delivery"].added == ("gives_way: true",)
    assert found["express_delivery"].removed == ("within: consumer",)
    assert found["units"].removed == ("块",)
    assert changes_of(found.values()) == ()


# --- the rules -----------------------------------------------------------------------------------

URBAN = Place("urban", Language.CANTONESE)


@pytest.mark.parametrize(
    ("place", "phrase", "rule", "other"),
    [
        (LABOUR, "噪音", Rule.TWO_MEANINGS, "urban.zh"),
        (URBAN, "噪 音", Rule.TWICE, "urban.zh"),
        (LABOUR, "我要", Rule.TWO_MEANINGS, "labour.zh"),
        (Place("no"), "是的", Rule.TWO_MEANINGS, "yes"),
        (LABOUR, "！？", Rule.EMPTY, None),
        (LABOUR, "税", Rule.SHORT, None),
        (LABOUR, "社" * 31, Rule.LONG, None),
        (LABOUR, "<b>讨薪</b>", Rule.MARKUP, None),
        (LABOUR, "讨薪，快", Rule.MARKUP, None),
    ],
)
def test_broken_rule_names_the_phrase_and_where_else_it_stands(
    place: Place, phrase: str, rule: Rule, other: str | None
) -> None:
    (found,) = problems(with_phrases(phrase, place=place))
    assert (found.rule, found.phrase) == (rule, phrase)
    assert (found.other.place.key if found.other else None) == other
    # 我要 is a filler, which stands below: the complaint is made there.
    assert found.spot.place == (place if phrase != "我要" else Place("fillers", Language.MANDARIN))


def test_cell_that_must_not_be_empty_is_named() -> None:
    gone = [Change(LABOUR, phrase, False) for phrase in phrases_at(SHEET, LABOUR)]
    assert problems(edited(SHEET, gone)) == (Problem(Rule.NO_PHRASE, Spot(LABOUR), "labour"),)
    cantonese = Place("labour", Language.CANTONESE)
    gone = [Change(cantonese, phrase, False) for phrase in phrases_at(SHEET, cantonese)]
    assert problems(edited(SHEET, gone)) == ()


@pytest.mark.parametrize("name", ["yes", "fillers", "intents", "units"])
def test_intent_is_not_called_as_another_part_of_the_table(name: str) -> None:
    sheet = read_sheet("x", SHIPPED_INTENTS.replace("  repeat:", f"  {name}:", 1))
    assert Rule.NAME in {problem.rule for problem in problems(sheet)}


def test_phrase_within_that_of_a_stranger_is_pointed_out() -> None:
    found = {(o.phrase, o.place.group, o.within.group) for o in overlaps(SHEET)}
    assert ("tax", "tax", "traffic_services") in found  # a taxi is no tax
    assert ("社保", "labour", "social_insurance") not in found  # a part of it
    new = overlaps(with_phrases("工资发票"))
    assert Overlap(Place("tax", Language.MANDARIN), "发票", "工资发票", LABOUR) in new


def test_intent_that_leads_nowhere_is_pointed_out() -> None:
    offered = {"consumer", "urban", "security", "general", "person"}
    found = lost(SHEET, offered)
    assert {"labour", "housing_fund", "tax", "emergency_110"} <= found
    assert not {"express_delivery", "consumer", "repeat"} & found


# --- what the recogniser knows -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "heard"),
    [
        ("社保", True),
        ("查社保", True),
        ("查社保卡", False),
        ("Social security", True),
        ("social-security", True),
        ("socialsecurity", False),
        ("my boss", False),
        ("困𨋢", False),
        ("don’t", True),
    ],
)
def test_phrase_is_heard_when_it_is_made_of_known_words(phrase: str, heard: bool) -> None:
    known = {"社保", "查", "social", "security", "my", "don't"}
    assert known & words_of([phrase]) <= known
    assert (unheard([phrase], known & words_of([phrase])) == frozenset()) is heard


@given(phrases=st.lists(PHRASES, max_size=5))
def test_all_the_words_of_a_phrase_are_enough_to_hear_it(phrases: list[str]) -> None:
    assert unheard(phrases, words_of(phrases)) == frozenset()
