"""Broken flows are refused with file and line: each rule of the validation is broken once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.adapters.flow_files import load_flow
from ivr.adapters.prompt_files import load_prompts
from ivr.core.catalogue import PromptCatalogue
from ivr.core.flaw_words import UNREADABLE, in_words
from kernel.errors import ConfigurationError
from kernel.language import Language
from tests.unit.ivr.shipped import TEAMS

CATALOGUE = PromptCatalogue(
    texts={
        "hello": dict.fromkeys(Language, "…"),
        "only_chinese": {Language.MANDARIN: "…"},
    },
    readings={language: {} for language in Language},
)
HEAD = """flow: test
purpose: reception
start: first
fallback: person
limit_s: 60
steps:
"""
PERSON = """
  person:
    kind: queue
    team: general
    say: [hello]
"""
MENU = """  first:
    kind: menu
    say: [hello]
    keys:
      "1": person
    silence: person
    unknown: person
    timeout_s: 2
"""


def refusal(tmp_path: Path, body: str) -> str:
    path = tmp_path / "flow.yaml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_flow(path, CATALOGUE, TEAMS)
    assert str(path) in caught.value.message
    message = caught.value.message.replace(str(path), "flow.yaml")
    for line in message.splitlines():
        told = in_words(line.split(": ", 1)[1])
        # Whoever edits a flow in the browser reads each complaint in the language of the screen.
        assert told.text != UNREADABLE, line
    return message


def test_sound_flow_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(HEAD + MENU + PERSON, encoding="utf-8")
    assert set(load_flow(path, CATALOGUE, TEAMS).steps) == {"first", "person"}


def test_version_changes_with_the_content(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(HEAD + MENU + PERSON, encoding="utf-8")
    before = load_flow(path, CATALOGUE, TEAMS).version
    path.write_text(HEAD + MENU + PERSON.replace("general", "urban"), encoding="utf-8")
    assert load_flow(path, CATALOGUE, TEAMS).version != before


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        (
            HEAD + MENU.replace('"1": person', '"1": nowhere') + PERSON,
            11,
            "leads to the unknown step 'nowhere'",
        ),
        (
            HEAD.replace("start: first", "start: gone") + MENU + PERSON,
            3,
            "leads to the unknown step 'gone'",
        ),
        (
            HEAD + MENU.replace("silence: person", "silence: first") + PERSON,
            7,
            "comes back here for ever",
        ),
        (HEAD + MENU.replace("[hello]", "[only_chinese]") + PERSON, 9, "has no text in Cantonese"),
        (
            HEAD + MENU.replace("[hello]", "[unheard]") + PERSON,
            9,
            "'unheard' has no text in Mandarin",
        ),
        (HEAD + MENU + PERSON.replace("general", "tourism"), 18, "there is no team 'tourism'"),
        (HEAD + MENU.replace('"1": person', '"12": person') + PERSON, 11, "cannot be pressed here"),
        (HEAD + MENU.replace('"1": person', '"x": person') + PERSON, 11, "cannot be pressed here"),
        (
            HEAD.replace("fallback: person", "fallback: first") + MENU + PERSON,
            4,
            "the fallback of a reception",
        ),
        (
            HEAD + MENU.replace("kind: menu", "kind: song") + PERSON,
            8,
            "unknown kind of step 'song'",
        ),
        (HEAD + MENU.replace("silence: person\n", "quiet: person\n") + PERSON, 12, "unknown field"),
        (HEAD + MENU.replace("    timeout_s: 2\n", "") + PERSON, 8, "lacks timeout_s"),
        (HEAD + MENU.replace("timeout_s: 2", "timeout_s: soon") + PERSON, 14, "is not a number"),
        (
            HEAD + MENU.replace("timeout_s: 2", "timeout_s: 99") + PERSON,
            14,
            "is not between 0.1 and 10",
        ),
        (HEAD + MENU.replace("[hello]", "[hello@fr]") + PERSON, 9, "unknown language 'fr'"),
        (HEAD + MENU.replace("say: [hello]", "say: hello") + PERSON, 9, "must be a list"),
        (HEAD + MENU + MENU + PERSON, 15, "'first' is written twice"),
        (HEAD + MENU.replace("    kind: menu\n", "") + PERSON, 8, "has no kind"),
        (
            HEAD.replace("purpose: reception", "purpose: singing") + MENU + PERSON,
            2,
            "is no purpose of a flow",
        ),
        (HEAD.replace("limit_s: 60", "limit_s: 1") + MENU + PERSON, 5, "is not between 10 and 600"),
        (
            HEAD.replace("steps:", "most_questions: 19\nsteps:") + MENU + PERSON,
            6,
            "19 is not between 20 and 200",
        ),
        (HEAD + "  first: [\n" + PERSON, 10, "not YAML"),
        ("", 1, "the file is empty"),
        ("- a\n- b\n", 1, "must be a group of fields"),
    ],
)
def test_broken_rule_is_named_with_its_line(
    tmp_path: Path, body: str, line: int, words: str
) -> None:
    message = refusal(tmp_path, body)
    matching = [part for part in message.splitlines() if words in part]
    assert matching, message
    assert any(part.startswith(f"flow.yaml:{line}: ") for part in matching), message


def test_most_questions_are_sixty_unless_the_flow_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(HEAD + MENU + PERSON, encoding="utf-8")
    assert load_flow(path, CATALOGUE, TEAMS).most_questions == 60
    body = HEAD.replace("steps:", "most_questions: 25\nsteps:") + MENU + PERSON
    path.write_text(body, encoding="utf-8")
    assert load_flow(path, CATALOGUE, TEAMS).most_questions == 25


def test_unreachable_step_is_named(tmp_path: Path) -> None:
    lonely = "\n  lonely:\n    kind: queue\n    team: urban\n    say: [hello]\n"
    message = refusal(tmp_path, HEAD + MENU + PERSON + lonely)
    assert "flow.yaml:21: step 'lonely': no way leads to this step" in message


def test_step_without_a_way_to_a_person_is_named(tmp_path: Path) -> None:
    trap = "\n  trap:\n    kind: end\n    say: [hello]\n"
    message = refusal(tmp_path, HEAD + MENU.replace('"1": person', '"1": trap') + PERSON + trap)
    assert "step 'trap': no way leads from here to a person" in message


def test_number_outside_the_allow_list_is_refused(tmp_path: Path) -> None:
    out = '\n  out:\n    kind: transfer_out\n    number: "10086"\n    say: []\n    failed: person\n'
    message = refusal(tmp_path, HEAD + MENU.replace('"1": person', '"1": out') + PERSON + out)
    assert (
        "flow.yaml:23: step 'out', number: '10086' is not a number that callers may be sent to"
        in message
    )


def test_two_announcements_that_call_each_other_are_an_endless_loop(tmp_path: Path) -> None:
    steps = """  first:
    kind: announce
    say: [hello]
    next: second
  second:
    kind: condition
    when: line_known
    then: first
    otherwise: person
"""
    message = refusal(tmp_path, HEAD + steps + PERSON)
    assert "step 'first': a caller who presses nothing comes back here for ever" in message
    assert "step 'second': a caller who presses nothing comes back here for ever" in message


def test_all_broken_rules_are_told_at_once(tmp_path: Path) -> None:
    body = HEAD + MENU.replace("[hello]", "[unheard]") + PERSON.replace("general", "tourism")
    message = refusal(tmp_path, body)
    assert "unheard" in message
    assert "tourism" in message


def test_survey_with_a_wrong_score_is_refused(tmp_path: Path) -> None:
    body = """flow: s
purpose: survey
start: q
fallback: bye
limit_s: 60
steps:
  q:
    kind: survey_question
    say: [hello]
    scores: {"1": 9}
    answered: bye
    silence: bye
    unknown: bye
    timeout_s: 2
  bye:
    kind: end
    say: [hello]
"""
    assert "flow.yaml:10: 9 is not between 1 and 5" in refusal(tmp_path, body)


def test_survey_must_fall_back_to_an_end(tmp_path: Path) -> None:
    body = HEAD.replace("reception", "survey") + MENU + PERSON
    message = refusal(tmp_path, body)
    assert "flow.yaml:4: flow, fallback: the fallback of a survey must be an end" in message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("prompts:\n  a:\n    zh: 一\n    yue: 一\nseries: {}\nreadings: {}\n", ":3: lacks en"),
        (
            "prompts:\n  A b:\n    zh: 一\n    yue: 一\n    en: a\nseries: {}\nreadings: {}\n",
            ":2: 'A b' is no name of a prompt",
        ),
        (
            'prompts:\n  a:\n    zh: ""\n    yue: 一\n    en: a\nseries: {}\nreadings: {}\n',
            ":3: must have 1 to 400 characters",
        ),
        ("prompts: {}\nseries: {}\nreadings:\n  fr: {}\n", ":4: unknown language 'fr'"),
        (
            "prompts: {}\nseries:\n  n:\n    from: 1\n    to: 2\n    zh: 一\n    yue: 一\n"
            "    en: a\nreadings: {}\n",
            ":3: the name of a series must hold {n}",
        ),
        (
            "prompts: {}\nseries:\n  a_{n}:\n    from: 1\n    zh: 一\n    yue: 一\n    en: a\n"
            "readings: {}\n",
            ":4: lacks to",
        ),
        (
            "prompts: {}\nseries:\n  a_{n}_{m}:\n    pairs:\n      - [1, 2]\n      - [3]\n"
            "    zh: 一\n    yue: 一\n    en: a\nreadings: {}\n",
            ":6: must be two numbers",
        ),
        (
            "prompts: {}\nseries:\n  a_{n}_{m}:\n    pairs:\n      - [2, 1]\n"
            "    zh: 一\n    yue: 一\n    en: a\nreadings: {}\n",
            ":5: 1 is not between 2 and 99",
        ),
    ],
)
def test_broken_prompt_catalogue_is_refused_with_its_line(
    tmp_path: Path, body: str, words: str
) -> None:
    path = tmp_path / "prompts.yaml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_prompts(path)
    assert words in caught.value.message


def test_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_prompts(tmp_path / "none.yaml")
    assert caught.value.message.endswith(":1: there is no such file")


def condition(when: str) -> str:
    return f"""  first:
    kind: condition
    when: {when}
    then: person
    otherwise: person
"""


@pytest.mark.parametrize(
    "when",
    [
        '{time: "08:30-17:30"}',
        '{time: "22:00-06:00"}',
        "{day: free}",
        '{dialled: ["12333", "12345"]}',
        "{caller: anonymous}",
        "{queue: {team: labour, waiting: 20}}",
        "{queue: {team: line, wait_s: 60}}",
    ],
)
def test_condition_asks_one_thing_of_the_world(tmp_path: Path, when: str) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(HEAD + condition(when) + PERSON, encoding="utf-8")
    load_flow(path, CATALOGUE, TEAMS)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("full_moon", "unknown condition 'full_moon'"),
        ("{moon: full}", "unknown field 'moon'"),
        ("{day: free, caller: mobile}", "asks exactly one thing"),
        ("{}", "asks exactly one thing"),
        ('{time: "08:30"}', "must be two times"),
        ('{time: "08:30-08:30"}', "must be two times"),
        ('{time: "25:00-26:00"}', "must be two times"),
        ("{day: rainy}", "unknown kind of day"),
        ("{caller: rude}", "unknown kind of caller"),
        ("{dialled: []}", "must be a list of numbers"),
        ("{dialled: [abc]}", "must be a list of numbers"),
        ("{queue: {team: labour}}", "needs waiting or wait_s"),
        ("{queue: {team: tourism, waiting: 1}}", "there is no team 'tourism'"),
    ],
)
def test_wrong_condition_is_named_with_its_line(tmp_path: Path, when: str, words: str) -> None:
    message = refusal(tmp_path, HEAD + condition(when) + PERSON)
    assert any(part.startswith("flow.yaml:9: ") and words in part for part in message.splitlines())


NUMBER = """  first:
    kind: digits
    say: [hello]
    into: order_number
    least: 2
    most: 4
    entered: person
    keys: {"0": person}
    silence: person
    unknown: person
    timeout_s: 2
"""
LOOKUP = """  look:
    kind: lookup
    enquiry: order_progress
    found: person
    not_found: person
    refused: person
    failed: person
"""


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        (NUMBER.replace("least: 2", "least: 9"), 11, "needs 1 <= least <= most"),
        (NUMBER.replace('"0"', '"00000"'), 14, "cannot be pressed here"),
        (NUMBER.replace("[hello]", '["{digits:nothing}"]'), 9, "no step fills the slot 'nothing'"),
        (NUMBER.replace("[hello]", '["{song:order_number}"]'), 9, "cannot be said"),
        (NUMBER.replace("[hello]", '["{day:order_number}"]'), 9, "'day_today' has no text"),
        (
            NUMBER.replace("entered: person", "entered: look") + LOOKUP,
            20,
            "no step fills the slot 'phone_tail'",
        ),
        (
            NUMBER.replace("entered: person", "entered: look")
            + LOOKUP.replace("order_progress", "weather"),
            20,
            "'weather' cannot be looked up",
        ),
        (
            NUMBER.replace("entered: person", "entered: look")
            + LOOKUP.replace("failed: person", "failed: look"),
            18,
            "comes back here for ever",
        ),
    ],
)
def test_wrong_number_or_lookup_is_named_with_its_line(
    tmp_path: Path, body: str, line: int, words: str
) -> None:
    message = refusal(tmp_path, HEAD + body + PERSON)
    matching = [part for part in message.splitlines() if words in part]
    assert matching, message
    assert any(part.startswith(f"flow.yaml:{line}: ") for part in matching), message
