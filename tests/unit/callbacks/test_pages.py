"""The pages over HTTP: who sees which number, what may be done, and what is told when not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from callbacks.core import task as tasks
from callbacks.core.task import Act, Entry, Kind, Task
from callbacks.ports import MessageText, Spoken, WaitingCallback
from callbacks.routes import build_router
from callbacks.service import DutyCallbacks
from kernel.errors import Conflict
from kernel.ids import CallbackId, CallId, TeamId
from kernel.language import ScreenLanguage
from kernel.policy import Role
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.page_kit import browser, page_app, page_kit, people
from tests.fakes.task_store import DictTaskStore
from tests.unit.callbacks.test_service import Past

HTML = {"accept": "text/html", "x-csrf-token": "token"}
ROLES = {
    "op0001": Role.OPERATOR,
    "op0002": Role.OPERATOR,
    "sup01": Role.SUPERVISOR,
    "qa01": Role.QUALITY,
}
NAMES = dict.fromkeys(ScreenLanguage, {"labour": "劳动社保", "urban": "国土城管"})
NUMBER, MASKED = "13800138000", "138****8000"
LEFT = CallId("c-m-1")
SAID = MessageText((Spoken(0.4, "社保卡<b>丢了", False), Spoken(62.0, "请回电", True)))

IN_LINE = WaitingCallback(
    callback_id=CallbackId("cb-1"),
    call_id=CallId("c-77"),
    number="13900139001",
    team=TeamId("urban"),
    state="resting",
    position=0,
    first_arrival_at=NOON,
    attempts=1,
    agent_id=None,
    again_at=NOON + timedelta(minutes=5),
)


class Line:
    def __init__(self) -> None:
        self.callbacks: list[WaitingCallback] = []

    def waiting(self) -> Sequence[WaitingCallback]:
        return self.callbacks

    async def cancel(self, callback_id: CallbackId, actor: str) -> None:
        if self.callbacks[0].state == "arriving":
            raise Conflict("市民已接听回拨，正在接入")
        self.callbacks.clear()


class Words:
    """Fills `callbacks.ports.Messages`: knows who has read what."""

    def __init__(self) -> None:
        self.said: dict[CallId, MessageText] = {}
        self.read: list[tuple[str, str]] = []

    async def text(self, account: str, task: Task) -> MessageText:
        self.read.append((account, task.last_call_id))
        return self.said[task.last_call_id]

    async def beginnings(self, account: str, calls: Collection[CallId]) -> Mapping[CallId, Spoken]:
        self.read += [(account, call_id) for call_id in calls]
        found = {call_id: self.said.get(call_id) for call_id in calls}
        return {c: text.sentences[0] for c, text in found.items() if text and text.sentences}


class Site:
    def __init__(self) -> None:
        self.words = Words()
        self.store, self.line, self.audit, self.clock = (
            DictTaskStore(),
            Line(),
            KeptAudit(),
            SetClock(),
        )
        duty = DutyCallbacks(
            store=self.store,
            past=Past(),
            line=self.line,
            audit=self.audit,
            bus=CollectingBus(),
            clock=self.clock,
            ids=CountedIds(),
            log=KeptLog(),
        )

        kit = page_kit("callbacks", people(ROLES))
        self.app = page_app(
            kit,
            build_router(
                kit, duty, self.words, NAMES, lambda who, language: f"员工{who}", self.clock
            ),
        )

    def browser(self, account: str = "op0001", language: str = "zh") -> httpx.AsyncClient:
        return browser(self.app, account, language, HTML)

    async def task(
        self,
        name: str = "t-1",
        minutes: int = 0,
        *,
        kind: Kind = Kind.ABANDONED,
        number: str = NUMBER,
        team: str = "labour",
    ) -> str:
        at = NOON + timedelta(minutes=minutes)
        call_id = CallId(f"c-{name}")
        task = tasks.new_task(name, kind, number, call_id, TeamId(team), None, at)
        await self.store.add(task, Entry(at=at, who="-", act=Act.CREATE, call_id=call_id))
        return name


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    yield Site()


async def test_an_empty_list_says_what_will_stand_there(site: Site) -> None:
    async with site.browser() as browser:
        page = await browser.get("/callbacks")
    assert page.status_code == 200
    assert "没有符合条件的回拨任务" in page.text
    assert "排队中的回拨" not in page.text


async def test_an_operator_sees_the_number_of_what_he_claimed_and_no_other(site: Site) -> None:
    await site.task()
    async with site.browser() as browser:
        before = await browser.get("/callbacks")
        assert MASKED in before.text and NUMBER not in before.text
        claimed = await browser.post("/callbacks/t-1/claim")
        assert claimed.status_code == 303
        assert NUMBER in (await browser.get(claimed.headers["location"])).text
    assert site.audit.actions == ["callback_claimed"]
    async with site.browser("op0002") as other:
        assert NUMBER not in (await other.get("/callbacks")).text
        page = await other.get("/callbacks/t-1")
        assert NUMBER not in page.text and "办结</button>" not in page.text
    async with site.browser("sup01") as supervisor:
        assert NUMBER in (await supervisor.get("/callbacks")).text


async def test_quality_may_look_and_not_touch(site: Site) -> None:
    await site.task()
    async with site.browser("qa01") as browser:
        page = await browser.get("/callbacks")
        assert MASKED in page.text and "领取</button>" not in page.text
        assert (await browser.post("/callbacks/t-1/claim")).status_code == 403


async def test_what_is_missing_is_said_beside_the_field_with_what_was_typed(site: Site) -> None:
    await site.task()
    async with site.browser() as browser:
        await browser.post("/callbacks/t-1/claim")
        page = await browser.post("/callbacks/t-1/close", data={"note": "<b>回头再说</b>"})
        assert page.status_code == 422
        assert "请选择回拨结果" in page.text and 'aria-invalid="true"' in page.text
        assert "&lt;b&gt;回头再说&lt;/b&gt;" in page.text and "<b>回头" not in page.text
        explained = await browser.post("/callbacks/t-1/close", data={"result": "not_needed"})
        assert "请说明为什么无需回拨" in explained.text


async def test_a_task_is_tried_closed_and_undone_by_buttons(site: Site) -> None:
    await site.task()
    async with site.browser() as browser:
        await browser.post("/callbacks/t-1/claim")
        await browser.post("/callbacks/t-1/attempt", data={"note": "忙音"})
        await browser.post("/callbacks/t-1/close", data={"result": "reached", "note": "已答复"})
        page = (await browser.get("/callbacks/t-1")).text
        assert "已联系上" in page and "忙音" in page and "撤销办结" in page
        assert "没有符合条件的回拨任务" in (await browser.get("/callbacks")).text
        assert MASKED in (await browser.get("/callbacks?view=closed")).text
        await browser.post("/callbacks/t-1/undo")
        assert "办结</button>" in (await browser.get("/callbacks/t-1")).text


async def test_of_two_who_claim_the_second_is_told_who_has_it(site: Site) -> None:
    await site.task()
    async with site.browser() as first, site.browser("op0002") as second:
        await first.post("/callbacks/t-1/claim")
        late = await second.post("/callbacks/t-1/claim")
    assert late.status_code == 409
    assert "该任务已被领取或办结" in late.text and "员工op0001" in late.text


async def test_a_message_leads_to_its_sound_for_those_who_may_listen(site: Site) -> None:
    await site.task("m-1", kind=Kind.MESSAGE, number="")
    site.words.said[LEFT] = SAID
    async with site.browser("sup01") as browser:
        assert "匿名" in (await browser.get("/callbacks")).text
        assert "/recordings/c-m-1" in (await browser.get("/callbacks/m-1")).text
    async with site.browser() as browser:
        assert "/recordings/" not in (await browser.get("/callbacks/m-1")).text


async def test_what_was_said_is_read_with_the_task_by_whoever_may_listen(site: Site) -> None:
    await site.task("m-1", kind=Kind.MESSAGE)
    site.words.said[LEFT] = SAID
    for account in ("sup01", "qa01"):
        async with site.browser(account) as browser:
            text = (await browser.get("/callbacks/m-1")).text
        assert "留言文字" in text and "机器识别，可能有错，拿不准就听录音" in text
        assert "社保卡&lt;b&gt;丢了" in text and "0:00" in text
        assert re.search(r"1:02.*请回电.*存疑", text) and text.count("存疑") == 1
    assert site.words.read == [("sup01", LEFT), ("qa01", LEFT)]


async def test_whoever_may_not_listen_reads_no_word(site: Site) -> None:
    await site.task("m-1", kind=Kind.MESSAGE)
    site.words.said[LEFT] = SAID
    async with site.browser() as browser:
        await browser.post("/callbacks/m-1/claim")
        for path in ("/callbacks", "/callbacks/m-1"):
            text = (await browser.get(path)).text
            assert "社保卡" not in text and "留言文字" not in text
        assert "这条留言由有调听权限的人员收听和阅读" in text
    assert site.words.read == []


@pytest.mark.parametrize("has_sound", [True, False])
async def test_why_there_are_no_words_is_said_with_the_task(site: Site, has_sound: bool) -> None:
    await site.task("m-1", kind=Kind.MESSAGE)
    site.words.said[LEFT] = MessageText(instead="没有识别出文字，请听录音", has_sound=has_sound)
    async with site.browser("sup01") as browser:
        text = (await browser.get("/callbacks/m-1")).text
    part = text[text.index('id="said"') : text.index('class="columns"')]
    assert "没有识别出文字，请听录音" in part
    assert ("/recordings/c-m-1" in part) is has_sound


async def test_the_list_shows_how_messages_begin(site: Site) -> None:
    await site.task()
    await site.task("m-1", kind=Kind.MESSAGE)
    await site.task("m-2", kind=Kind.MESSAGE)
    site.words.said[LEFT] = MessageText((Spoken(0.0, "字" * 30, False),))
    async with site.browser("sup01") as browser:
        text = (await browser.get("/callbacks")).text
        assert f"“{'字' * 24}…”" in text and text.count("“") == 1
        assert "存疑" not in text
    assert site.words.read == [("sup01", LEFT), ("sup01", "c-m-2")]
    site.words.said[LEFT] = MessageText((Spoken(0.0, "字", True),))
    async with site.browser("sup01", "en") as browser:
        assert re.search("“字”.*doubtful", (await browser.get("/callbacks")).text)


async def test_other_tasks_are_nobodys_message(site: Site) -> None:
    await site.task()
    async with site.browser("sup01") as browser:
        for path in ("/callbacks", "/callbacks/t-1"):
            assert "留言文字" not in (await browser.get(path)).text
    assert site.words.read == []


async def test_half_an_hour_without_a_call_is_marked(site: Site) -> None:
    await site.task()
    site.clock.advance(timedelta(minutes=31))
    async with site.browser() as browser:
        assert "超过30分钟" in (await browser.get("/callbacks")).text


async def test_the_list_is_narrowed_and_paged(site: Site) -> None:
    for n in range(53):
        await site.task(f"t-{n:02}", n, number=f"138{n:08}")
    await site.task("m-1", 99, kind=Kind.MESSAGE, team="urban")
    async with site.browser() as browser:
        first = await browser.get("/callbacks?team=labour")
        assert first.text.count("<tr>") == 51
        [link] = re.findall(r'rel="next" href="([^"]+)"', first.text)
        assert "team=labour" in link
        second = await browser.get(link.replace("&amp;", "&"))
        assert second.text.count("<tr>") == 4
        messages = await browser.get("/callbacks?kind=message")
        assert messages.text.count("<tr>") == 2
        found = await browser.get("/callbacks?number=138 0000 0007")
        assert found.text.count("<tr>") == 2
        assert (await browser.get("/callbacks?number=abc")).status_code == 422
        assert (await browser.get("/callbacks?view=nonsense")).status_code == 422


async def test_whom_the_line_calls_back_stands_first_and_a_supervisor_may_end_it(
    site: Site,
) -> None:
    site.line.callbacks = [IN_LINE]
    async with site.browser() as browser:
        page = (await browser.get("/callbacks")).text
        assert "139****9001" in page and "间隔中" in page and "再拨" in page
        assert "取消</button>" not in page
        assert (await browser.post("/callbacks/line/cb-1/cancel")).status_code == 403
    async with site.browser("sup01") as browser:
        site.line.callbacks = [replace(IN_LINE, state="arriving")]
        refused = await browser.post("/callbacks/line/cb-1/cancel")
        assert refused.status_code == 409
        assert "市民已接听回拨，正在接入" in refused.text
        site.line.callbacks = [IN_LINE]
        assert (await browser.post("/callbacks/line/cb-1/cancel")).status_code == 303
    assert site.audit.actions == ["callback_cancelled"]


async def test_the_pages_speak_english(site: Site) -> None:
    await site.task()
    site.line.callbacks = [IN_LINE]
    async with site.browser("sup01", "en") as browser:
        for path in ("/callbacks", "/callbacks/t-1"):
            text = (await browser.get(path)).text
            shown = re.sub(r"<script.*?</script>|<[^>]+>", "", text)
            left = set(re.findall(r"[\u4e00-\u9fff]+", shown))
            assert left <= {"中文", "劳动社保", "国土城管", "员工"}, left
