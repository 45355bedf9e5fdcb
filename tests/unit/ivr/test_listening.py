"""A step that listens: what is taken, what is asked back, and who is never stranded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.flow_files import load_flow
from ivr.core.conditions import Around
from ivr.core.flaw_words import UNREADABLE, in_words
from ivr.core.flow import Listening
from ivr.core.interpreter import step
from ivr.core.listening import Alarm, Asked, Outcome, Sentence, Take, after_words
from ivr.core.walk import DEAFENED, MUMBLED, Journey, Visit, visit_flow
from kernel.errors import ConfigurationError
from kernel.events import MenuWordsHeard
from kernel.language import Language
from kernel.telephony import (
    CallerInput,
    Collect,
    Disconnect,
    EnterQueue,
    InputKind,
    Listen,
    TransferOut,
)
from tests.fakes.clock import NOON
from tests.unit.ivr.sentences import SENTENCES
from tests.unit.ivr.shipped import TEAMS, catalogue, intents, main_flow
from tests.unit.ivr.test_dialogue import CALL, Stage, entered, keys

EARS = Around(hearing=frozenset(Language))


def talk(*said: str, language: Language = Language.MANDARIN, around: Around = EARS) -> Journey:
    """A caller whose language is known says nothing to the greeting, and then `said`."""
    visit = Visit(started_at=NOON, language=language, around=around)
    return visit_flow(main_flow(), ["", *said], visit)


def team(found: Journey) -> str:
    assert isinstance(found.ending, EnterQueue)
    return found.ending.team


def heard(found: Journey) -> list[str]:
    """What the last question says, without the language."""
    return [prompt.name for prompt in found.turns[-1].instruction.prompts]


ASKS_110 = ["asked_sure", "named_emergency_110", "asked_yes_or_no"]


# --- by word -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("社保", "labour"),
        ("户口", "security"),
        ("消费投诉", "consumer"),
        ("城管", "urban"),
        ("人工", "general"),
        ("其他", "general"),
    ],
)
@pytest.mark.parametrize("language", [Language.MANDARIN, Language.CANTONESE])
def test_word_leads_to_its_team(word: str, wanted: str, language: Language) -> None:
    found = talk(word, language=language)
    assert team(found) == wanted
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.language is language
    assert found.ending.prompts  # nobody is put through without a word


def test_item_is_told_and_leads_to_its_team() -> None:
    found = talk("我要查社保", "")
    assert "zh/item_social_insurance" in found.heard
    assert team(found) == "labour"


@pytest.mark.parametrize(
    ("sentence", "number"),
    [("着火了", "119"), ("我要报警", "110"), ("叫救护车", "120"), ("出车祸了", "122"),
     ("我想报税", "12366")],
)  # fmt: skip
def test_clear_emergency_and_tax_lead_to_their_lines_at_once(sentence: str, number: str) -> None:
    found = talk(sentence)
    assert isinstance(found.ending, TransferOut)
    assert found.ending.number == number


def test_key_does_what_it_always_did_while_somebody_listens() -> None:
    assert team(talk("3")) == "labour"
    assert talk("1", "10").steps[-1] == "call_110"
    assert talk("*").steps[-1] == "emergency"


def test_words_are_asked_for_in_the_language_of_the_caller() -> None:
    instruction = talk(language=Language.CANTONESE).turns[-1].instruction
    assert isinstance(instruction, Listen)
    assert instruction.language is Language.CANTONESE
    assert {p.language for p in instruction.prompts} == {Language.CANTONESE}


# --- asked back ----------------------------------------------------------------------------------


def test_word_that_was_heard_badly_is_asked_back_once() -> None:
    assert heard(talk(f"{MUMBLED}社保")) == ["asked_sure", "named_labour", "asked_yes_or_no"]


@pytest.mark.parametrize("answer", ["是", "对的", "系", "1", "社保", f"{MUMBLED}社保", "一"])
def test_yes_by_voice_or_key_takes_it(answer: str) -> None:
    assert team(talk(f"{MUMBLED}社保", answer)) == "labour"


@pytest.mark.parametrize("answer", ["不是", "唔系", "2", "不是社保"])
def test_no_asks_for_the_wish_again_and_a_second_no_gives_a_person(answer: str) -> None:
    found = talk(f"{MUMBLED}社保", answer)
    assert heard(found) == ["say_or_press"]
    assert team(talk(f"{MUMBLED}社保", answer, f"{MUMBLED}社保", answer)) == "general"


@pytest.mark.parametrize("answer", ["不是，消费投诉", "不是社保是消费投诉", "消费投诉"])
def test_another_wish_as_the_answer_is_taken(answer: str) -> None:
    assert team(talk(f"{MUMBLED}社保", answer)) == "consumer"


def test_answer_that_is_heard_badly_is_not_asked_back_in_its_turn() -> None:
    found = talk(f"{MUMBLED}社保", f"{MUMBLED}消费投诉")
    assert heard(found) == ["say_or_press"]


def test_whoever_answers_a_question_with_noise_is_asked_back_no_more() -> None:
    assert heard(talk(f"{MUMBLED}社保", "嘟嘟嘟")) == ["say_or_press"]
    assert team(talk(f"{MUMBLED}社保", "嘟嘟嘟", f"{MUMBLED}户口")) == "general"
    assert team(talk(f"{MUMBLED}社保", "嘟嘟嘟", "社保和消费投诉")) == "general"
    assert team(talk(f"{MUMBLED}社保", "嘟嘟嘟", "户口")) == "security"
    assert talk(f"{MUMBLED}社保", "嘟嘟嘟", f"{MUMBLED}着火").steps[-1] == "person_first"


def test_silence_after_a_question_gives_a_person() -> None:
    assert team(talk(f"{MUMBLED}社保", "")) == "general"


def test_other_keys_keep_their_meaning_in_a_question() -> None:
    assert team(talk(f"{MUMBLED}社保", "0")) == "general"
    assert talk(f"{MUMBLED}社保", "*").steps[-1] == "emergency"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [("社保", "labour"), ("1", "labour"), ("2", "consumer"), ("第二个", "consumer"),
     ("户口", "security")],
)  # fmt: skip
def test_of_two_wishes_the_caller_is_asked_which(answer: str, wanted: str) -> None:
    question = talk("社保和消费投诉")
    assert heard(question) == [
        "asked_which", "named_labour", "asked_press_one", "named_consumer", "asked_press_two",
    ]  # fmt: skip
    assert team(talk("社保和消费投诉", answer)) == wanted


# --- emergencies that are not clear --------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence", ["我昨天报过110了", f"{MUMBLED}报警", "要不要报警", "我要投诉110"]
)
def test_emergency_that_is_not_clear_is_asked_back(sentence: str) -> None:
    assert heard(talk(sentence)) == ASKS_110


@pytest.mark.parametrize("answer", ["是", "1", "一一零", "我要报警"])
def test_affirmed_emergency_is_put_through(answer: str) -> None:
    assert talk("我昨天报过110了", answer).steps[-1] == "call_110"


def test_emergency_must_be_heard_better_than_a_matter_and_may_be_affirmed_by_any_clear_yes() -> (
    None
):
    # Of 348 sentences in foreign languages 7 were an emergency at 0.6, most of them below 0.9.
    flow = main_flow()
    here = flow.steps["menu_own"]
    assert isinstance(here, Listening)

    def after(text: str, asked: Asked | None = None) -> Outcome:
        return after_words(flow.words, here, asked, Sentence(text, 0.8))

    about_110 = Asked(("emergency_110",))
    assert after("社保") == Take("labour")
    assert after("我要报警") == about_110
    assert after("是", about_110) == Take("emergency_110")
    assert isinstance(after("我要报警", about_110), Alarm)
    assert isinstance(after("着火", Asked(("labour",))), Alarm)
    # Whoever pressed the star for an emergency is believed sooner.
    there = flow.steps["emergency"]
    assert isinstance(there, Listening)
    assert after_words(flow.words, there, None, Sentence("着火", 0.8)) == Take("emergency_119")


@pytest.mark.parametrize("answer", ["是", "一一零", "我要报警", "一"])
@pytest.mark.parametrize("sentence", ["我昨天报过110了", f"{MUMBLED}报警"])
def test_emergency_affirmed_by_words_heard_badly_goes_first_to_a_person(
    sentence: str, answer: str
) -> None:
    # A tune that is a word once is the same word, or a yes, when the question is asked.
    assert talk(sentence, f"{MUMBLED}{answer}").steps[-1] == "person_first"


@pytest.mark.parametrize("answer", ["", "嘟嘟嘟", "7", "我昨天报过110了", f"{MUMBLED}社保"])
def test_emergency_neither_affirmed_nor_denied_goes_first_to_a_person(answer: str) -> None:
    found = talk("我昨天报过110了", answer)
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.priority == 10


def test_denied_emergency_leads_to_what_was_said_beside_it() -> None:
    assert team(talk("我要投诉110", "不是")) == "general"
    assert heard(talk("我昨天报过110了", "不是")) == ["say_or_press"]
    assert team(talk("我昨天报过110了", "我要查户籍")) == "security"


def test_another_emergency_as_the_answer_is_taken_when_it_is_clear() -> None:
    assert talk("要不要报警", "着火了").steps[-1] == "call_119"
    assert talk("要不要报警", "昨天着火了").steps[-1] == "person_first"


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("着火了", "call_119"),
        ("报警", "call_110"),
        ("快叫救护车", "call_120"),
        ("撞车了", "call_122"),
        *((other, "person_first") for other in ("嘟嘟嘟", "人工", "紧急", "", "我要查社保")),
        (DEAFENED, "emergency"),
    ],
)
def test_menu_of_the_star_listens_too_and_asks_nothing_twice(sentence: str, step: str) -> None:
    assert talk("*", sentence).steps[-1] == step


# --- not understood ------------------------------------------------------------------------------


def test_what_is_not_understood_is_asked_once_more_with_all_keys_and_then_a_person_answers() -> (
    None
):
    assert heard(talk("嘟嘟嘟")) == ["say_or_press"]
    assert team(talk("嘟嘟嘟", "噜噜噜")) == "general"
    assert team(talk("嘟嘟嘟", "户口")) == "security"


def test_unknown_key_is_a_failed_try_too() -> None:
    assert heard(talk("7")) == ["say_or_press"]
    assert team(talk("7", "噜噜噜")) == "general"


def test_hearing_it_again_is_no_failed_try() -> None:
    assert heard(talk("没听清")) == ["say_what"]
    assert team(talk("没听清", "再说一遍", "嘟嘟嘟", "户口")) == "security"
    assert heard(talk(f"{MUMBLED}社保", "再说一遍")) == ["say_or_press"]


def test_caller_who_only_asks_for_repetition_is_given_a_person_in_the_end() -> None:
    assert team(talk(*["再说一遍"] * 100)) == "general"


def test_caller_who_says_nothing_reaches_a_person() -> None:
    assert team(talk("")) == "general"


# --- without ears --------------------------------------------------------------------------------


def test_without_a_recogniser_for_the_language_the_step_is_the_menu_by_keys() -> None:
    only_mandarin = Around(hearing=frozenset({Language.MANDARIN}))
    found = talk(language=Language.CANTONESE, around=only_mandarin).turns[-1].instruction
    assert isinstance(found, Collect)
    assert [p.name for p in found.prompts] == ["menu"]
    assert isinstance(talk(around=only_mandarin).turns[-1].instruction, Listen)


def test_recogniser_that_dies_leaves_the_caller_with_keys_for_the_rest_of_the_call() -> None:
    found = talk(DEAFENED)
    assert isinstance(found.turns[-1].instruction, Collect)
    assert heard(found) == ["menu"]
    assert team(talk(DEAFENED, "3")) == "labour"
    # A wrong key afterwards is the first failed try: dying cost the caller none.
    assert heard(talk(DEAFENED, "7")) == ["no_such_key", "menu"]
    assert isinstance(talk(DEAFENED, "9", "2").turns[-1].instruction, Collect)


def test_recogniser_that_dies_in_a_question_leaves_the_question_to_be_answered_by_key() -> None:
    found = talk("要不要报警", DEAFENED)
    assert isinstance(found.turns[-1].instruction, Collect)
    assert heard(found) == ASKS_110
    assert talk("要不要报警", DEAFENED, "1").steps[-1] == "call_110"
    assert talk("要不要报警", DEAFENED, "").steps[-1] == "person_first"


def test_words_and_deafness_at_a_step_that_does_not_listen_are_silence() -> None:
    first = talk().turns[0]
    for kind in (InputKind.HEARD, InputKind.DEAF):
        given_ = CallerInput(kind, "", NOON, "社保", 1.0)
        assert step(main_flow(), first.session, given_, NOON, EARS).session.step == "menu_own"


# --- in the dialogue -----------------------------------------------------------------------------


async def test_what_was_understood_is_published_and_what_was_said_is_not() -> None:
    stage = Stage()
    stage.surroundings.value = EARS
    await stage.dialogue.begin(entered())
    await stage.dialogue.next(CALL, keys(""))
    said = CallerInput(InputKind.HEARD, "", NOON, "我叫陈晓明要查社保", 0.9)
    await stage.dialogue.next(CALL, said)
    (event,) = stage.bus.of(MenuWordsHeard)
    assert (event.step, event.wish, event.asked_back) == ("menu_own", "social_insurance", False)
    assert event.confidence_fraction == 0.9
    assert "陈晓明" not in repr(stage.bus.of(MenuWordsHeard))


async def test_deaf_recogniser_is_logged_and_the_call_goes_on() -> None:
    stage = Stage()
    stage.surroundings.value = EARS
    await stage.dialogue.begin(entered())
    assert isinstance(await stage.dialogue.next(CALL, keys("")), Listen)
    answer = await stage.dialogue.next(CALL, CallerInput(InputKind.DEAF, "", NOON))
    assert isinstance(answer, Collect)
    assert "caller_goes_on_by_keys" in stage.log.events


# --- for whatever is said ------------------------------------------------------------------------

ENTRIES = st.one_of(
    st.sampled_from(["", "1", "2", "0", "*", "7", DEAFENED, "是", "不是", "再说一遍"]),
    st.sampled_from([said for said, _ in SENTENCES]),
    st.sampled_from([f"{MUMBLED}{said}" for said, _ in SENTENCES]),
    st.text(max_size=60),
)


@given(
    said=st.lists(ENTRIES, max_size=40),
    language=st.sampled_from([None, *Language]),
    hearing=st.frozensets(st.sampled_from(list(Language))),
)
def test_no_talker_is_ever_stranded(
    said: list[str], language: Language | None, hearing: frozenset[Language]
) -> None:
    visit = Visit(started_at=NOON, language=language, around=Around(hearing=hearing))
    found = visit_flow(main_flow(), [*said, *[""] * 10], visit)
    assert isinstance(found.ending, EnterQueue | TransferOut)
    deaf = False
    for turn in found.turns:
        deaf = deaf or turn.session.deaf
        if isinstance(turn.instruction, Listen):
            assert not deaf
            assert turn.instruction.language in hearing
        assert not isinstance(turn.instruction, Disconnect)


@given(said=st.lists(ENTRIES, max_size=12))
def test_no_one_is_sent_to_an_emergency_line_by_words_heard_badly(said: list[str]) -> None:
    mumbled = [f"{MUMBLED}{s.strip(DEAFENED)}" for s in said]
    found = talk(*[s for s in mumbled if not set(s[1:]) <= set("0123456789*#")])
    for turn in found.turns:
        assert not isinstance(turn.instruction, TransferOut) or turn.instruction.number == "12366"


# --- the file ------------------------------------------------------------------------------------

FLOW = """flow: test
purpose: reception
start: first
fallback: person
limit_s: 60
steps:
  first:
    kind: listen
    say: [welcome]
    by_keys: [menu]
    keys: {"1": person}
    intents:
      labour: person
      emergency_110: person
    alarm: person
    silence: person
    unknown: person
    timeout_s: 2
  person:
    kind: queue
    team: general
    say: [going_person]
"""


def test_step_that_listens_is_read_with_its_bounds(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW, encoding="utf-8")
    first = load_flow(path, catalogue(), TEAMS, intents()).steps["first"]
    assert isinstance(first, Listening)
    assert (first.attempts, first.max_digits, first.sure_fraction) == (1, 1, 0.6)
    assert first.patience.total_seconds() == 4


def test_failed_tries_of_a_step_are_counted_and_each_says_what_went_wrong(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    tries = "attempts: 3\n    again: [no_such_key]\n    unheard: [say_or_press]\n    timeout_s"
    path.write_text(FLOW.replace("timeout_s", tries), encoding="utf-8")
    flow = load_flow(path, catalogue(), TEAMS, intents())
    visit = Visit(started_at=NOON, around=EARS)
    asked = [
        [prompt.name for prompt in turn.instruction.prompts]
        for turn in visit_flow(flow, ["嘟嘟", f"{MUMBLED}社保", "7", "嘟嘟"], visit).turns
    ]
    assert asked == [
        ["welcome"],
        ["say_or_press", "welcome"],
        ["asked_sure", "named_labour", "asked_yes_or_no"],
        ["no_such_key", "welcome"],
        ["going_person"],
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("labour: person", "weather: person", 13, "there is no intent 'weather'"),
        ("labour: person", "repeat: person", 13, "'repeat' only repeats and leads nowhere"),
        ("labour: person", "labour: nowhere", 13, "leads to the unknown step 'nowhere'"),
        ("    alarm: person\n", "", 13, "an emergency needs alarm"),
        ("alarm: person", "alarm: nowhere", 15, "leads to the unknown step 'nowhere'"),
        (
            "    intents:\n      labour: person\n      emergency_110: person\n",
            "    intents: {}\n", 12, "nothing can be said here",
        ),
        ("by_keys: [menu]", "by_keys: [song]", 10, "prompt 'song' has no text in Mandarin"),
        ('{"1": person}', '{"12": person}', 11, "'12' cannot be pressed here"),
        ("timeout_s: 2", "timeout_s: 2\n    sure: 2", 19, "2 is not between 0 and 1"),
        ("timeout_s: 2", "timeout_s: 2\n    attempts: 7", 19, "must be between 1 and 3"),
        ("    by_keys: [menu]\n", "", 8, "lacks by_keys"),
        ("silence: person", "silence: first", 7, "comes back here for ever"),
    ],
)  # fmt: skip
def test_wrong_listening_step_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in FLOW
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_flow(path, catalogue(), TEAMS, intents())
    complaints = caught.value.message.splitlines()
    matching = [c for c in complaints if words in c]
    assert any(c.startswith(f"{path}:{line}: ") for c in matching), caught.value.message
    for complaint in complaints:
        assert in_words(complaint.split(": ", 1)[1]).text != UNREADABLE, complaint
