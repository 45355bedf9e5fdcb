"""Broken flows are refused with file and line: each rule of the validation is broken once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.adapters.flow_files import load_flow
from ivr.adapters.prompt_files import load_prompts
from ivr.core.catalogue import PromptCatalogue
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
    return caught.value.message.replace(str(path), "flow.yaml")


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
        (HEAD + MENU.replace('"1": person', '"1": nowhere') + PERSON, 11, "不存在的步骤“nowhere”"),
        (HEAD.replace("start: first", "start: gone") + MENU + PERSON, 3, "不存在的步骤“gone”"),
        (HEAD + MENU.replace("silence: person", "silence: first") + PERSON, 7, "无休止地循环"),
        (HEAD + MENU.replace("[hello]", "[only_chinese]") + PERSON, 9, "缺少粤语文本"),
        (HEAD + MENU.replace("[hello]", "[unheard]") + PERSON, 9, "“unheard”缺少普通话文本"),
        (HEAD + MENU + PERSON.replace("general", "tourism"), 18, "没有“tourism”这个班组"),
        (HEAD + MENU.replace('"1": person', '"12": person') + PERSON, 11, "不是可以按出的按键"),
        (HEAD + MENU.replace('"1": person', '"x": person') + PERSON, 11, "不是可以按出的按键"),
        (HEAD.replace("fallback: person", "fallback: first") + MENU + PERSON, 4, "兜底步骤"),
        (HEAD + MENU.replace("kind: menu", "kind: song") + PERSON, 8, "不认识的步骤种类“song”"),
        (HEAD + MENU.replace("silence: person\n", "quiet: person\n") + PERSON, 12, "不认识的项"),
        (HEAD + MENU.replace("    timeout_s: 2\n", "") + PERSON, 8, "缺少“timeout_s”"),
        (HEAD + MENU.replace("timeout_s: 2", "timeout_s: soon") + PERSON, 14, "不是数字"),
        (HEAD + MENU.replace("timeout_s: 2", "timeout_s: 99") + PERSON, 14, "应在 0.5 到 10 之间"),
        (HEAD + MENU.replace("[hello]", "[hello@fr]") + PERSON, 9, "不认识的语言“fr”"),
        (HEAD + MENU.replace("say: [hello]", "say: hello") + PERSON, 9, "应是一个列表"),
        (HEAD + MENU + MENU + PERSON, 15, "“first”重复出现"),
        (HEAD + MENU.replace("    kind: menu\n", "") + PERSON, 8, "没有写明kind"),
        (HEAD.replace("purpose: reception", "purpose: singing") + MENU + PERSON, 2, "流程用途"),
        (HEAD.replace("limit_s: 60", "limit_s: 1") + MENU + PERSON, 5, "应在 10 到 600 之间"),
        (HEAD + "  first: [\n" + PERSON, 10, "YAML写法有误"),
        ("", 1, "文件是空的"),
        ("- a\n- b\n", 1, "应是“名称: 内容”的形式"),
    ],
)
def test_broken_rule_is_named_with_its_line(
    tmp_path: Path, body: str, line: int, words: str
) -> None:
    message = refusal(tmp_path, body)
    matching = [part for part in message.splitlines() if words in part]
    assert matching, message
    assert any(part.startswith(f"flow.yaml:{line}: ") for part in matching), message


def test_unreachable_step_is_named(tmp_path: Path) -> None:
    lonely = "\n  lonely:\n    kind: queue\n    team: urban\n    say: [hello]\n"
    message = refusal(tmp_path, HEAD + MENU + PERSON + lonely)
    assert "flow.yaml:21: 步骤“lonely”：没有任何路径通向这一步" in message


def test_step_without_a_way_to_a_person_is_named(tmp_path: Path) -> None:
    trap = "\n  trap:\n    kind: end\n    say: [hello]\n"
    message = refusal(tmp_path, HEAD + MENU.replace('"1": person', '"1": trap') + PERSON + trap)
    assert "步骤“trap”：从这一步到不了人工服务" in message


def test_number_outside_the_allow_list_is_refused(tmp_path: Path) -> None:
    out = '\n  out:\n    kind: transfer_out\n    number: "10086"\n    say: []\n    failed: person\n'
    message = refusal(tmp_path, HEAD + MENU.replace('"1": person', '"1": out') + PERSON + out)
    assert "flow.yaml:23: 步骤“out”的number：“10086”不在允许转出的号码之内" in message


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
    assert "步骤“first”：来电人不按键时会在这里无休止地循环" in message
    assert "步骤“second”：来电人不按键时会在这里无休止地循环" in message


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
    assert "flow.yaml:10: 9 应在 1 到 5 之间" in refusal(tmp_path, body)


def test_survey_must_fall_back_to_an_end(tmp_path: Path) -> None:
    body = HEAD.replace("reception", "survey") + MENU + PERSON
    message = refusal(tmp_path, body)
    assert "flow.yaml:4: 流程的fallback：满意度流程的兜底步骤必须是结束语" in message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("prompts:\n  a:\n    zh: 一\n    yue: 一\nseries: {}\nreadings: {}\n", ":3: 缺少“en”"),
        (
            "prompts:\n  A b:\n    zh: 一\n    yue: 一\n    en: a\nseries: {}\nreadings: {}\n",
            ":2: “A b”不能作提示音名称",
        ),
        (
            'prompts:\n  a:\n    zh: ""\n    yue: 一\n    en: a\nseries: {}\nreadings: {}\n',
            ":3: 提示音文本应在1到400字之间",
        ),
        ("prompts: {}\nseries: {}\nreadings:\n  fr: {}\n", ":4: 不认识的语言“fr”"),
        (
            "prompts: {}\nseries:\n  n:\n    from: 1\n    to: 2\n    zh: 一\n    yue: 一\n"
            "    en: a\nreadings: {}\n",
            ":3: 成组提示音的名称里应有{n}",
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
    assert caught.value.message.endswith(":1: 文件不存在")
