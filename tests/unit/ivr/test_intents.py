"""What a caller means: the shipped table, and the rules that hold for whatever is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.intent_files import load_intents
from ivr.core.intents import (
    FIGURES,
    LONGEST_TEXT,
    Kind,
    Reply,
    Role,
    Standing,
    normalised,
    reply,
    understand,
)
from kernel.errors import ConfigurationError
from tests.unit.ivr.sentences import CANTONESE, ENGLISH, MANDARIN, SENTENCES
from tests.unit.ivr.shipped import intents

TABLE = intents()
LISTED = [
    (phrase, intent.name)
    for intent in TABLE.intents.values()
    for phrases in intent.phrases.values()
    for phrase in phrases
]
EMERGENCIES = [(phrase, name) for phrase, name in LISTED if TABLE.kind(name) is Kind.EMERGENCY]
FILLERS = [phrase for phrase, means in TABLE.phrases.items() if means is Role.FILLER]
DENIALS = [phrase for phrase, means in TABLE.phrases.items() if means is Role.DENIAL]
DOUBTS = [phrase for phrase, means in TABLE.phrases.items() if means is Role.DOUBT]


def meant(sentence: str) -> str:
    """As the sentences tell it: an intent, `ask` (which of two), `doubt` (ask back), `nothing`."""
    found = understand(TABLE, sentence)
    if found.repeat:
        return "repeat"
    if not found.wishes:
        return "nothing"
    if TABLE.kind(found.wishes[0]) is Kind.EMERGENCY:
        return found.wishes[0] if found.clear else f"doubt {found.wishes[0]}"
    return found.wishes[0] if len(found.wishes) == 1 else "ask"


def test_each_listed_phrase_is_understood_when_it_is_said_alone() -> None:
    wrong = [(phrase, name, meant(phrase)) for phrase, name in LISTED if meant(phrase) != name]
    assert wrong == []


@pytest.mark.parametrize("sentences", [MANDARIN, CANTONESE, ENGLISH], ids=["zh", "yue", "en"])
def test_at_least_97_of_100_sentences_are_understood(
    sentences: tuple[tuple[str, str], ...],
) -> None:
    wrong = [(said, name, meant(said)) for said, name in sentences if meant(said) != name]
    # A small list may not hold three of a hundred: one of it may be wrong.
    assert len(wrong) <= max(1, 0.03 * len(sentences)), wrong


def test_of_all_sentences_at_most_three_in_a_hundred_are_misunderstood() -> None:
    wrong = [said for said, name in SENTENCES if meant(said) != name]
    assert len(wrong) / len(SENTENCES) <= 0.03, wrong


@pytest.mark.parametrize(
    ("sentence", "what"),
    [
        # The most specific wins, by the length of the phrase and by what is a part of what.
        ("我要查社保", "social_insurance"),
        ("社保的事，查社保", "social_insurance"),
        # What other matters are named for does not stand in their way.
        ("我要投诉噪音", "urban"),
        # A person of the team, not what the item would read out.
        ("公积金人工", "labour"),
        # Denials.
        ("不是消费", "nothing"),
        ("不是要办消费，是社保", "labour"),
        ("是不是消费", "consumer"),
        # Emergencies are not taken from a number that is something else.
        ("我住110号", "nothing"),
        ("一共120块", "nothing"),
        ("电话13812012219", "nothing"),
        ("我打人工", "person"),
        ("要不要报警", "doubt emergency_110"),
        ("我要打110一直打不通", "doubt emergency_110"),
        ("着火了有人受伤", "emergency_119"),
        ("我想查社保还有着火了", "doubt emergency_119"),
        # Written otherwise.
        ("查　社　保！", "social_insurance"),
        ("查詢社保", "social_insurance"),
        ("SOCIAL Security", "labour"),
    ],
)
def test_rules_of_understanding(sentence: str, what: str) -> None:
    assert meant(sentence) == what


def test_emergency_comes_before_whatever_else_is_said() -> None:
    assert understand(TABLE, "我要投诉110").wishes == ("emergency_110", "general")
    assert understand(TABLE, "社保的事，不对，着火了").wishes[0] == "emergency_119"


def test_what_was_found_tells_why() -> None:
    found = understand(TABLE, "我要投诉噪音，不是消费")
    assert {m.phrase: m.standing for m in found.mentions if m.means is not Role.FILLER} == {
        "投诉": Standing.GAVE_WAY,
        "噪音": Standing.COUNTS,
        "不是": Standing.AROUND,
        "消费": Standing.DENIED,
    }
    narrower = understand(TABLE, "户口，我要办身份证").mentions
    assert Standing.NARROWER in {m.standing for m in narrower}


@pytest.mark.parametrize(
    ("said", "answer", "rest"),
    [
        ("是的", Reply.YES, ""),
        ("嗯 对", Reply.YES, ""),
        ("好像是", Reply.YES, ""),
        ("系呀", Reply.YES, ""),
        ("yes", Reply.YES, ""),
        ("不是", Reply.NO, ""),
        ("唔系", Reply.NO, ""),
        ("不是，我要查社保", Reply.NO, "我要查社保"),
        ("要消费", Reply.YES, "消费"),
        ("是不是", Reply.OTHER, "是不是"),
        ("对不起", Reply.OTHER, ""),
        ("不知道", Reply.OTHER, ""),
        ("社保", Reply.OTHER, "社保"),
        ("", Reply.OTHER, ""),
    ],
)
def test_answers_to_a_question(said: str, answer: Reply, rest: str) -> None:
    assert reply(TABLE, said) == (answer, rest)


# --- for whatever is said ------------------------------------------------------------------------

WORDS = st.sampled_from([*TABLE.phrases, *"广州天气很好abc", "1", "110", "，", " "])
SPOKEN = st.lists(WORDS, max_size=14).map("".join)
ANYTHING = st.one_of(SPOKEN, st.text(max_size=300))


@given(text=ANYTHING)
def test_every_text_is_understood_somehow(text: str) -> None:
    found = understand(TABLE, text)
    assert len(found.text) <= LONGEST_TEXT
    assert len(set(found.wishes)) == len(found.wishes)
    assert all(wish in TABLE.intents for wish in found.wishes)
    ends = [0, *(m.end for m in found.mentions)]
    assert all(m.start >= end for m, end in zip(found.mentions, ends, strict=False))
    assert all(found.text[m.start : m.end] == m.phrase for m in found.mentions)
    answered, rest = reply(TABLE, text)
    assert normalised(text, TABLE.variants).endswith(rest)
    assert answered is Reply.OTHER or len(rest) < len(normalised(text, TABLE.variants))


@given(text=SPOKEN, gap=st.sampled_from([" ", "，", "　", "…"]))
def test_spaces_and_marks_change_nothing(text: str, gap: str) -> None:
    assert understand(TABLE, gap.join(text)) == understand(TABLE, text)


@given(text=ANYTHING)
def test_emergencies_stand_first_and_are_acted_on_only_when_nothing_else_is_told(text: str) -> None:
    found = understand(TABLE, text)
    urgent = [TABLE.kind(wish) is Kind.EMERGENCY for wish in found.wishes]
    assert urgent == sorted(urgent, reverse=True)
    if found.clear:
        assert all(urgent)
        assert not any(m.means is Role.DOUBT for m in found.mentions)


@given(
    spoken=st.sampled_from(EMERGENCIES),
    before=st.sampled_from(FILLERS),
    after=st.sampled_from(FILLERS),
)
def test_emergency_with_fillers_around_it_is_never_lost(
    spoken: tuple[str, str], before: str, after: str
) -> None:
    phrase, name = spoken
    found = understand(TABLE, f"{before} {phrase} {after}")
    # A filler may join a phrase to a longer one of its own meaning; it is asked back at worst.
    if any(m.phrase == normalised(phrase, TABLE.variants) for m in found.mentions):
        assert name in found.wishes


@given(spoken=st.sampled_from(EMERGENCIES), doubt=st.sampled_from(DOUBTS))
def test_emergency_of_the_past_is_asked_back(spoken: tuple[str, str], doubt: str) -> None:
    found = understand(TABLE, f"{doubt}{spoken[0]}")
    if any(m.means is Role.DOUBT for m in found.mentions):
        assert not found.clear


@given(spoken=st.sampled_from(LISTED), denial=st.sampled_from(DENIALS))
def test_what_is_denied_is_no_wish(spoken: tuple[str, str], denial: str) -> None:
    phrase, name = spoken
    found = understand(TABLE, f"{denial}{phrase}")
    if [m.phrase for m in found.mentions] == [denial, normalised(phrase, TABLE.variants)]:
        assert found.wishes == ()
        assert not found.repeat


@given(
    spoken=st.sampled_from([e for e in EMERGENCIES if set(e[0]) <= FIGURES]),
    figures=st.text(alphabet="0123456789", min_size=2, max_size=8),
    unit=st.sampled_from(sorted(TABLE.units)),
)
def test_number_in_a_longer_number_or_before_a_unit_is_no_emergency(
    spoken: tuple[str, str], figures: str, unit: str
) -> None:
    assert understand(TABLE, f"{spoken[0]}{unit}").wishes == ()
    assert understand(TABLE, f"{figures}{spoken[0]}{figures}").wishes == ()


# --- the file ------------------------------------------------------------------------------------

SMALL = """intents:
  one:
    kind: matter
    zh: [社保]
    en: [social security]
  two:
    kind: matter
    within: one
    zh: [查社保]
    en: [check]
fillers: {zh: [我要], en: [please]}
denials: {zh: [不是], en: [not]}
doubts: {zh: [昨天], en: [yesterday]}
yes: [是]
no: [不]
first: [一]
second: [二]
units: 块元
variants: {險: 险}
"""


def test_small_table_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "intents.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert set(load_intents(path).intents) == {"one", "two"}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("zh: [查社保]", "zh: [社保]", 9, "'社保' has two meanings, see line 4"),
        ("[查社保]", "[查社保, 查社保]", 9, "'查社保' is written twice, see line 9"),
        ("zh: [我要]", "zh: [社保]", 11, "'社保' has two meanings, see line 4"),
        ("zh: [社保]", "zh: []", 4, "intent 'one' has no phrase here"),
        ("zh: [社保]", 'zh: ["！？"]', 4, "nothing is said in"),
        ("zh: [社保]", 'zh: [""]', 4, "nothing is said in"),
        ("zh: [社保]", "zh: [税]", 4, "too short to mean something by itself"),
        ("zh: [社保]", f"zh: [{'社' * 31}]", 4, "is longer than 30 characters"),
        ("within: one", "within: none", 6, "'none' is no intent of which others are a part"),
        ("within: one", "within: two", 6, "'two' is no intent of which others are a part"),
        ("kind: matter\n    zh: [社保]", "kind: song\n    zh: [社保]", 3, "is no kind of intent"),
        ("    en: [social security]\n", "", 3, "lacks en"),
        ("  one:", "  One:", 2, "'One' is no name of an intent"),
        ("within: one", "gives_way: maybe", 8, "'maybe' is neither true nor false"),
        ("no: [不]", "no: [是]", 15, "'是' has two meanings"),
        ("{險: 险}", "{險難: 险}", 19, "is not one character for another"),
        ("{險: 险}", "{險: 险, 险: 险}", 19, "'险' is itself a variant"),
        ("units: 块元\n", "", 1, "lacks units"),
        ("units:", "unit:", 18, "unknown field 'unit'"),
    ],
)
def test_broken_table_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in SMALL
    path = tmp_path / "intents.yaml"
    path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_intents(path)
    assert f"{path}:{line}: " in caught.value.message
    assert words in caught.value.message


def test_all_broken_rules_of_a_table_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "intents.yaml"
    path.write_text(SMALL.replace("[查社保]", "[社保, 税]"), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_intents(path)
    assert len(caught.value.message.splitlines()) == 2


def test_every_team_item_and_emergency_number_has_words() -> None:
    names = set(TABLE.intents)
    assert {"consumer", "urban", "labour", "security", "general", "tax", "person"} <= names
    assert {f"emergency_{number}" for number in (110, 119, 120, 122)} <= names
    assert "case_progress" in names
