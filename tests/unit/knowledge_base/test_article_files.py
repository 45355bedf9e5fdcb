"""Article files: each fault names file and line; the shipped files are complete and fit."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from kernel.errors import ConfigurationError
from kernel.ids import AuthorityId
from knowledge_base.adapters.article_files import ArticleFile, known_ids, load_articles
from knowledge_base.adapters.demo import read_files
from knowledge_base.core.article import ANSWER_LIMIT, TEAM_CODES

CONFIG = Path(__file__).resolve().parents[3] / "config"
OWNERS = frozenset({AuthorityId("housing-fund")})
GOOD = """\
team: urban
valid_from: 2026-01-01
articles:
  - id: KB-URB-001
    title: 公积金提取
    questions:
      - 怎么提取公积金
      - 点样攞公积金
    answer: 带身份证办理。
    body: |
      【材料】身份证。
    tags: [公积金, 提取]
    owner: housing-fund
    basis: 《住房公积金管理条例》
    title_en: Withdrawal
    summary_en: Bring your identity card.
"""


def load(folder: Path, text: str, categories: frozenset[str] | None = None) -> list[ArticleFile]:
    (folder / "urban.yaml").write_text(text, encoding="utf-8")
    return load_articles(folder, authorities=OWNERS, categories=categories)


def test_a_good_file_gives_its_articles_with_their_lines(tmp_path: Path) -> None:
    (article,) = load(tmp_path, GOOD)
    assert article.article_id == "KB-URB-001"
    assert article.line == 4
    assert article.content.questions == ("怎么提取公积金", "点样攞公积金")
    assert article.content.valid_to is None


@pytest.mark.parametrize(
    ("find", "put", "line", "says"),
    [
        ("KB-URB-001", "KB-LAB-001", 4, "begin with KB-URB-"),
        ("    answer: 带身份证办理。\n", "", 4, "answer must be a text"),
        ("answer: 带身份证办理。", "answer: " + "长" * 181, 9, "has 181"),
        ("owner: housing-fund", "owner: nobody", 4, "no authority nobody"),
        ("tags: [公积金, 提取]", "tags: 公积金", 12, "tags must be a list"),
        ("tags: [公积金, 提取]", "tags: [公积金, 110]", 12, "tags must be a list"),
        ("title_en: Withdrawal", "title_fr: Retrait", 15, "unknown field title_fr"),
        ("valid_from: 2026-01-01", "valid_from: soon", 4, "valid_from must be a date"),
        ("tags: [", "tags: [[", 13, "not YAML"),
        ("title: 公积金提取", "title: 公积金提取\n    valid_to: 2025-01-01", 6, "ends before"),
        ("title: 公积金提取", "title: 公积金提取\n    category: no.such", 4, "no category"),
        ("team: urban", "team: 5", 1, "team"),
        ("articles:", "entries:", 1, "articles"),
    ],
)
def test_a_fault_names_file_and_line(
    tmp_path: Path, find: str, put: str, line: int, says: str
) -> None:
    assert find in GOOD
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, GOOD.replace(find, put), categories=frozenset({"urban"}))
    assert f"urban.yaml:{line}: " in caught.value.message
    assert says in caught.value.message


def test_the_same_id_in_two_files_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"urban\.yaml:4: KB-URB-001 stands in again"):
        load(tmp_path, GOOD)


def test_an_empty_folder_and_an_unreadable_file_are_faults(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no article files"):
        load_articles(tmp_path, authorities=OWNERS)
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"bad\.yaml: cannot be read"):
        load_articles(tmp_path, authorities=OWNERS)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        known_ids(tmp_path / "missing.yaml", "authorities")


def test_known_ids_of_children_are_paths(tmp_path: Path) -> None:
    path = tmp_path / "categories.yaml"
    path.write_text(
        "categories: [{id: a, children: [{id: b}, {id: c, children: [{id: d}]}]}]\n"
        "other: [{id: e}]\n"
    )
    assert known_ids(path, "categories") == {"a", "a.b", "a.c", "a.c.d"}
    assert known_ids(path, "nothing") == frozenset()


# --- the shipped articles ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> list[ArticleFile]:
    return read_files(CONFIG)


def test_at_least_126_articles_are_shipped_and_22_for_each_team(
    shipped: list[ArticleFile],
) -> None:
    teams = Counter(article.content.team for article in shipped)
    assert sum(teams.values()) >= 126
    assert set(teams) == set(TEAM_CODES)
    assert min(teams.values()) >= 22


def test_shipped_answers_can_be_read_out(shipped: list[ArticleFile]) -> None:
    for article in shipped:
        answer = article.content.answer
        assert 40 <= len(answer) <= ANSWER_LIMIT, article.article_id
        assert answer.endswith("。"), article.article_id
        assert not re.search(r"[()\[\]{}<>*#|]|https?:", answer), article.article_id


def test_shipped_articles_name_no_telephone_number_but_the_emergency_numbers_and_12345(
    shipped: list[ArticleFile],
) -> None:
    allowed = {"110", "119", "120", "12345", "12123"}  # 交管12123 is an application's name
    for article in shipped:
        content = article.content
        said = "\n".join((content.answer, content.body, *content.questions, *content.tags))
        assert set(re.findall(r"\d{3,}", said)) <= allowed, article.article_id


def test_no_two_shipped_articles_share_a_title_or_a_question(shipped: list[ArticleFile]) -> None:
    titles = Counter(a.content.title for a in shipped)
    questions = Counter(q for a in shipped for q in a.content.questions)
    assert [t for t, n in (titles + questions).items() if n > 1] == []


def test_articles_that_are_referred_to_exist(shipped: list[ArticleFile]) -> None:
    titles = {article.content.title for article in shipped}
    for article in shipped:
        for title in re.findall(r"见“([^”]+)”", article.content.body):
            assert title in titles, (article.article_id, title)
