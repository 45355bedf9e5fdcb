"""Search, suggestion, uses, reports and zero results, over the fakes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernel.errors import BadInput, NotFound
from kernel.events import ArticleOpened, CaseFiled
from kernel.ids import AgentId, AuthorityId, CallId, EventId, TeamId
from kernel.paging import encode_cursor
from knowledge_base.core.article import Validity
from knowledge_base.ports import FlagKind, UseKind
from knowledge_base.service import NOTE_LIMIT, WINDOW, SearchResult
from tests.fakes.clock import NOON
from tests.unit.knowledge_base.world import BASE, World

CALL = CallId("gz1-1764000000-7")
OPERATOR = AgentId("op0001")


@pytest.fixture
def world() -> World:
    return World()


def ids(result: SearchResult) -> list[str]:
    return [hit.article_id for hit in result.hits]


def many(count: int) -> World:
    return World({f"KB-URB-{n:03}": replace(BASE, title=f"公积金第{n}条") for n in range(count)})


async def test_search_puts_the_title_first_and_the_expired_article_last(world: World) -> None:
    result = await world.knowledge.search("公积金")
    assert ids(result) == ["KB-URB-001", "KB-LAB-001", "KB-URB-002"]
    assert [h.validity for h in result.hits] == [
        Validity.CURRENT,
        Validity.CURRENT,
        Validity.EXPIRED,
    ]
    assert (result.total, result.more, result.next_cursor) == (3, False, None)


async def test_search_marks_where_the_words_stand(world: World) -> None:
    (first, *_) = (await world.knowledge.search("公积金")).hits
    assert [first.title.text[s:e] for s, e in first.title.marks] == ["公积金"]
    assert first.snippet.marks


async def test_search_finds_initials_full_pinyin_and_traditional_characters(world: World) -> None:
    for query in ("gjj", "gongjijin", "GJJTQ", "公積金"):
        assert "KB-URB-001" in ids(await world.knowledge.search(query)), query


async def test_search_narrows_by_team_and_owner_and_still_counts_all_teams(world: World) -> None:
    narrowed = await world.knowledge.search("公积金", TeamId("labour"))
    assert ids(narrowed) == ["KB-LAB-001"]
    assert narrowed.teams == {"urban": 2, "labour": 1}
    owned = await world.knowledge.search("公积金", owner=AuthorityId("housing-fund"))
    assert ids(owned) == ["KB-URB-001", "KB-URB-002"]


async def test_own_team_moves_its_articles_up_and_hides_nothing() -> None:
    labour = TeamId("labour")
    world = World({"KB-URB-001": BASE, "KB-LAB-002": replace(BASE, team=labour)})
    assert ids(await world.knowledge.search("公积金")) == ["KB-LAB-002", "KB-URB-001"]
    urban = await world.knowledge.search("公积金", own_team=TeamId("urban"))
    assert ids(urban) == ["KB-URB-001", "KB-LAB-002"]


async def test_any_word_is_accepted_only_when_few_articles_have_all_words() -> None:
    half = replace(
        BASE, title="提取", questions=("一", "二"), tags=("三", "四"), answer="五", body="六"
    )
    enough = {f"KB-URB-{n:03}": replace(BASE, title=f"公积金第{n}条") for n in range(3)}
    few = {"KB-URB-000": BASE}
    strict = await World(enough | {"KB-URB-009": half}).knowledge.search("公积金 提取")
    loose = await World(few | {"KB-URB-009": half}).knowledge.search("公积金 提取")
    assert ids(strict) == ["KB-URB-000", "KB-URB-001", "KB-URB-002"]
    assert ids(loose) == ["KB-URB-000", "KB-URB-009"]


async def test_a_sentence_is_answered_by_its_words(world: World) -> None:
    result = await world.knowledge.search("怎么我的工资被拖欠")
    assert ids(result)[0] == "KB-LAB-001"


async def test_input_without_words_finds_nothing_and_asks_nothing(world: World) -> None:
    assert ids(await world.knowledge.search(' "*:() ')) == []
    assert await world.knowledge.suggest("，。") == []
    assert world.index.asked == 0


async def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    world = many(7)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await world.knowledge.search("公积金", limit=3, cursor=cursor)
        seen += ids(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    "cursor", ["nonsense", encode_cursor(("a", "b", "c")), encode_cursor((1,))]
)
async def test_a_cursor_that_was_not_made_here_is_bad_input(world: World, cursor: str) -> None:
    with pytest.raises(BadInput):
        await world.knowledge.search("公积金", cursor=cursor)


async def test_more_candidates_than_the_window_are_said_to_be_too_many() -> None:
    world = many(WINDOW + 5)
    result = await world.knowledge.search("公积金")
    assert (result.total, result.more) == (WINDOW, True)
    last = World(
        {f"KB-URB-{n:03}": BASE for n in range(WINDOW)}
        | {"KB-LAB-001": replace(BASE, team=TeamId("labour"))}
    )
    assert ids(await last.knowledge.search("公积金", TeamId("labour"))) == ["KB-LAB-001"]


async def test_suggestions_are_valid_today_and_prefer_the_own_team(world: World) -> None:
    found = [h.article_id for h in await world.knowledge.suggest("公积金", TeamId("labour"))]
    assert "KB-URB-002" not in found
    assert set(found) == {"KB-URB-001", "KB-LAB-001"}
    assert len(await world.knowledge.suggest("公积金", limit=1)) == 1


async def test_an_unknown_article_is_not_found(world: World) -> None:
    for ask in (
        world.knowledge.article("KB-XXX-001"),
        world.knowledge.record_open("KB-XXX-001", CALL, "op0001"),
        world.knowledge.record_use("KB-XXX-001", CALL, OPERATOR),
        world.knowledge.flag("KB-XXX-001", FlagKind.WRONG, "说明", "op0001"),
    ):
        with pytest.raises(NotFound):
            await ask
    assert world.bus.published == []


async def test_opening_an_article_is_kept_and_published(world: World) -> None:
    await world.knowledge.record_open("KB-LAB-001", CALL, "op0001", OPERATOR)
    (use,) = world.store.uses
    assert (use.kind, use.call_id, use.account) == (UseKind.OPENED, CALL, "op0001")
    (event,) = world.bus.of(ArticleOpened)
    assert (event.article_id, event.agent_id, event.call_id) == ("KB-LAB-001", OPERATOR, CALL)
    assert event.occurred_at == NOON


async def test_a_use_told_twice_counts_once_in_a_call(world: World) -> None:
    await world.knowledge.record_use("KB-LAB-001", CALL, OPERATOR)
    await world.knowledge.record_use("KB-LAB-001", CALL, OPERATOR)
    assert await world.knowledge.use_count("KB-LAB-001") == 1
    assert world.bus.published == []


async def test_a_case_answered_with_an_article_is_a_use_of_it(world: World) -> None:
    await world.knowledge.on_case_filed(filed("KB-LAB-001", OPERATOR))
    await world.knowledge.on_case_filed(filed(None, OPERATOR))
    await world.knowledge.on_case_filed(filed("KB-LAB-001", None))
    assert [u.article_id for u in world.store.uses] == ["KB-LAB-001"]


def filed(article_id: str | None, agent_id: AgentId | None) -> CaseFiled:
    return CaseFiled(
        event_id=EventId("e1"),
        occurred_at=NOON,
        call_id=CALL,
        case_number="GZ20261124000001",
        outcome="answered",
        category="labour.wages",
        agent_id=agent_id,
        article_id=article_id,
    )


async def test_a_report_is_kept_with_the_version_it_speaks_of(world: World) -> None:
    await world.knowledge.flag("KB-LAB-001", FlagKind.OUTDATED, "  标准已调整  ", "op0001")
    (flag,) = await world.knowledge.flags("KB-LAB-001")
    assert (flag.kind, flag.note, flag.version) == (FlagKind.OUTDATED, "标准已调整", 1)


@pytest.mark.parametrize("note", ["", "   ", "长" * (NOTE_LIMIT + 1)])
async def test_a_report_without_a_reason_or_with_a_book_is_bad_input(
    world: World, note: str
) -> None:
    with pytest.raises(BadInput):
        await world.knowledge.flag("KB-LAB-001", FlagKind.WRONG, note, "op0001")
    assert world.store.all_flags == []


async def test_a_question_that_found_nothing_is_kept_readable(world: World) -> None:
    await world.knowledge.record_zero_result(
        " 独角兽\x00  登记\ud800 ", TeamId("general"), "op0001"
    )
    await world.knowledge.record_zero_result("   ", None, "op0001")
    await world.knowledge.record_zero_result("长" * 5_000, None, "op0001")
    assert [z.query for z in world.store.zero_results] == ["独角兽 登记?", "长" * 200]


async def test_browsing_lists_articles_of_a_team(world: World) -> None:
    page = await world.knowledge.browse(TeamId("urban"), None)
    assert [s.article_id for s in page.rows] == ["KB-URB-001", "KB-URB-002"]
    teams, _ = await world.knowledge.counts()
    assert teams == {"urban": 2, "labour": 1}
