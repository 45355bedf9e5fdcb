"""The shipped reviewed data counts as the hotline says; faulty data is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.errors import ConfigurationError
from kernel.ids import AuthorityId, TeamId
from tests.unit.workorders.world import CONFIG, city, reference
from workorders.adapters.category_file import load_categories
from workorders.adapters.demo_texts import load_demo_texts
from workorders.adapters.reference_files import (
    load_calendar,
    load_dispositions,
    load_items,
    load_policy,
    load_templates,
)
from workorders.core.category import DISTRICT_GOVERNMENT, guess

TREE = reference().tree


def test_the_tree_has_at_least_ninety_leaves_on_the_third_level_for_five_teams() -> None:
    leaves = TREE.leaves()

    assert len(leaves) >= 90
    assert all(leaf.depth >= 3 for leaf in leaves)
    assert {leaf.team for leaf in leaves} == {t.team_id for t in city().teams()}


def test_every_category_has_both_names_and_no_two_siblings_share_one() -> None:
    assert all(c.zh and c.en for c in TREE)
    names = [(c.parent, c.zh) for c in TREE]
    assert len(names) == len(set(names))


def test_every_suggested_authority_stands_in_the_directory() -> None:
    known = {a.authority_id for a in city().authorities()} | {DISTRICT_GOVERNMENT}

    assert all(set(leaf.authorities) <= known for leaf in TREE.leaves())


def test_there_are_eight_templates_and_eleven_self_service_items() -> None:
    assert len(reference().templates) == 8
    assert len(reference().items) == 11


def test_the_express_delivery_template_asks_for_both_addresses_and_the_tracking_number() -> None:
    template = next(t for t in reference().templates if t.template_id == "express-delivery")

    assert {"mailing_address", "receiving_address", "tracking_number"} <= set(template.fields)


def test_every_template_asks_for_what_its_category_requires() -> None:
    for template in reference().templates:
        assert set(TREE.leaf(template.category).required) <= set(template.fields)


def test_the_emergency_numbers_and_the_tax_line_can_be_transferred_to() -> None:
    assert {t.number for t in reference().targets} == {"110", "119", "120", "122", "12366"}


def test_the_district_government_takes_the_place_of_its_mark() -> None:
    ids = TREE.suggested("urban.environment.fume", AuthorityId("gov-tianhe"))

    assert ids == ["gov-tianhe", "ecology-environment"]
    assert TREE.suggested("urban.environment.fume", None) == ["ecology-environment"]


# --- the guess --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("楼下火锅店油烟太大，天天熏得睡不着", "urban.environment.fume"),
        ("工地半夜施工打桩，吵得一家人没法睡", "urban.noise.night-construction"),
        ("老板拖欠工资三个月了", "labour.pay.arrears"),
        ("快递丢了，驿站说没有", "consumer.delivery.lost"),
        ("健身房关门了，我的会员卡还有钱", "consumer.service.prepaid"),
        ("想问一下养老金要缴满多少年", "labour.insurance.pension"),
        ("补办身份证要带什么", "security.papers.identity-card"),
        ("共享单车乱停放堵住盲道", "general.transport.bike"),
        ("家里停电了，电梯也不能用", "general.utilities.power"),
    ],
)
def test_the_words_of_a_citizen_suggest_the_category(text: str, category: str) -> None:
    assert category in [g.category.category_id for g in guess(TREE, text, None)]


def test_the_teams_own_category_wins_between_equals() -> None:
    text = "入户"
    own = guess(TREE, "积分入户", TeamId("security"))[0].category
    other = guess(TREE, "积分入户", TeamId("labour"))[0].category

    assert own.team == "security"
    assert other.team == "labour"
    assert guess(TREE, text, None) == []


def test_a_text_without_any_keyword_suggests_nothing() -> None:
    assert guess(TREE, "你好", TeamId("urban")) == []


def test_a_keyword_inside_a_longer_one_is_not_counted_twice() -> None:
    found = guess(TREE, "共享单车", None)[0]

    assert found.matched == ("共享单车",)


# --- faults -----------------------------------------------------------------------------------

FIELDS = "fields:\n  a: {zh: 甲, en: A}\n"
LEAF = "{id: z, zh: 丙, en: Z, keywords: [词]}"
TREE_TEXT = (
    FIELDS
    + "categories:\n  - id: x\n    zh: 甲\n    en: X\n    team: urban\n"
    + "    authorities: [transport]\n"
    + "    children:\n      - id: y\n        zh: 乙\n        en: Y\n        children: [LEAF]\n"
)
MEANT = TREE_TEXT.replace("LEAF", LEAF)
CALENDAR_TEXT = (
    'working_hours:\n  - {start: "09:00", end: "12:00"}\nyears:\n  - year: 2026\n'
    "    official: true\n    source: 通知\n    holidays: []\n    make_up_days: []\n"
)
RULE = "  - {id: g, stage: handle, amount: 5, unit: working_days, zh: 句, en: said, basis: 据}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "data.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        (MEANT.replace("team: urban", "team: nobody"), 7, "there is no team `nobody`"),
        (MEANT.replace("[transport]", "[nobody]"), 8, "there is no authority `nobody`"),
        (MEANT.replace("keywords: [词]", "keywords: []"), 13, "has keywords"),
        (MEANT.replace("id: z", "id: Z"), 13, "is no id"),
        (MEANT.replace("zh: 丙, ", ""), 13, "`zh` is missing"),
        (MEANT.replace("keywords", "keyword"), 13, "`keyword` is not known here"),
        (MEANT.replace("en: Z", "en: Z, required: [b]"), 13, "there is no field `b`"),
        (MEANT.replace("en: Z", "en: Z, type: shout"), 13, "`shout` is none of"),
        (MEANT.replace("LEAF", "").replace(LEAF, f"{LEAF}, {LEAF}"), 13, "stands here twice"),
        (MEANT.replace("{zh: 甲, en: A}", '{zh: 甲, en: A, pattern: "["}'), 2, "does not compile"),
        (MEANT.replace("    team: urban\n", ""), 4, "a root names its team"),
        (MEANT.replace("    authorities: [transport]\n", ""), 12, "a leaf needs an authority"),
        ("fields: []\ncategories: []\n", 1, "a mapping is expected"),
        ("fields: {\n", 2, "expected"),
    ],
)
def test_a_fault_in_the_tree_is_told_with_file_and_line(
    tmp_path: Path, text: str, line: int, complaint: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_categories(write(tmp_path, text), city())

    assert caught.value.message.startswith(f"data.yaml:{line}:")
    assert complaint in caught.value.message


def test_the_tree_that_the_faults_are_made_from_is_sound(tmp_path: Path) -> None:
    tree = load_categories(write(tmp_path, MEANT), city())

    assert [leaf.category_id for leaf in tree.leaves()] == ["x.y.z"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (CALENDAR_TEXT.replace("make_up_days: []", "make_up_days: [2026-02-13]"), "weekend"),
        (CALENDAR_TEXT.replace('end: "12:00"', 'end: "08:00"'), "start before an end"),
        (CALENDAR_TEXT.replace('"09:00"', "nine"), "a time like 09:00"),
        (CALENDAR_TEXT.replace("official: true", "official: yes"), "true or false"),
        (CALENDAR_TEXT.replace("year: 2026", "year: twenty"), "a whole number from 2014"),
        (
            CALENDAR_TEXT.replace(
                "holidays: []", "holidays: [{zh: 节, en: H, first: 2026-01-02, last: 2026-01-01}]"
            ),
            "end after it begins",
        ),
        (
            CALENDAR_TEXT.replace(
                "holidays: []", "holidays: [{zh: 节, en: H, first: soon, last: 2026-01-01}]"
            ),
            "a day like 2026-11-24",
        ),
    ],
)
def test_a_fault_in_the_calendar_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        load_calendar(write(tmp_path, text))


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        (RULE, "the stage `sign` has no rule that fits everything"),
        (RULE + RULE, "stands here twice"),
        (RULE + RULE.replace("id: g", "id: h, types: [help]"), "`h` is never reached"),
        (RULE.replace("id: g", "id: g, category: nowhere"), "there is no category `nowhere`"),
        (RULE.replace("amount: 5", "amount: 0"), "a whole number from 1"),
        (RULE.replace("working_days", "moons"), "`moons` is none of"),
    ],
)
def test_a_fault_in_the_policy_pack_is_told(tmp_path: Path, rules: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        load_policy(write(tmp_path, f"version: v\nrules:\n{rules}"), TREE)


def shipped_text(name: str) -> str:
    return (CONFIG / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("complaint_templates.yaml", ("{courier}", "{curier}"), "which is no field"),
        ("complaint_templates.yaml", ("bike_brand, bike_number", "wheel"), "no field `wheel`"),
        ("complaint_templates.yaml", ("general.transport.bike", "general.transport"), "no leaf"),
        ("self_service.yaml", ("template: shared-bike", "template: none"), "no template `none`"),
        ("dispositions.yaml", ("zh: 测试电话", "zh: ''"), "empty value"),
        ("demo_cases.yaml", ("outcome: submitted", "outcome: lost"), "`lost` is none of"),
    ],
)
def test_a_fault_in_the_other_files_is_told(
    tmp_path: Path, name: str, change: tuple[str, str], complaint: str
) -> None:
    loaders: dict[str, Callable[[Path], object]] = {
        "complaint_templates.yaml": lambda p: load_templates(p, TREE),
        "self_service.yaml": lambda p: load_items(p, TREE, reference().templates),
        "dispositions.yaml": load_dispositions,
        "demo_cases.yaml": lambda p: load_demo_texts(p, TREE),
    }
    faulty = shipped_text(name).replace(*change)
    assert faulty != shipped_text(name)

    with pytest.raises(ConfigurationError, match=complaint):
        loaders[name](write(tmp_path, faulty))


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml"):
        load_calendar(tmp_path / "nowhere.yaml")


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the file is empty"):
        load_calendar(write(tmp_path, ""))


def test_every_article_of_the_demo_stands_in_the_shipped_knowledge() -> None:
    texts = load_demo_texts(CONFIG / "demo_cases.yaml", TREE)
    written = "".join(p.read_text(encoding="utf-8") for p in (CONFIG / "knowledge").glob("*.yaml"))

    assert all(f"id: {s.article}\n" in written for s in texts.scenarios if s.article)
