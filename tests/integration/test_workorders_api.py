"""Who may use which route, and the JSON of the operator's form, over HTTP on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from kernel.infra.database import Database
from tests.unit.workorders.site import CSRF, OPERATORS, PEOPLE, SEEING, Site
from tests.unit.workorders.world import (
    CALL,
    FUME,
    OTHER_CALL,
)
from workorders.core.case import Submitted


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    database = Database(sqlite_url)
    yield Site(database)
    await database.close()


# --- who may ----------------------------------------------------------------------------------

ROUTES: dict[tuple[str, str], set[str]] = {
    ("GET", "/cases"): SEEING,
    ("GET", "/cases/{number}"): SEEING,
    ("GET", "/cases/export.csv"): {"supervisor"},
    ("POST", "/cases/{number}/dispatch"): {"supervisor", "dispatcher"},
    ("POST", "/cases/{number}/withdraw"): OPERATORS | {"supervisor", "dispatcher"},
    ("POST", "/cases/{number}/reveal"): {"supervisor"},
    ("GET", "/api/cases"): SEEING,
    ("POST", "/api/cases"): OPERATORS,
    ("GET", "/api/cases/{number}"): SEEING,
    ("POST", "/api/cases/{number}/calls"): OPERATORS,
    ("POST", "/api/cases/{number}/dispatch"): {"supervisor", "dispatcher"},
    ("POST", "/api/cases/{number}/withdraw"): OPERATORS | {"supervisor", "dispatcher"},
    ("POST", "/api/cases/{number}/reveal"): {"supervisor"},
    ("GET", "/api/authorities-for-category"): SEEING,
    ("GET", "/api/templates"): SEEING,
    ("GET", "/api/self-service"): SEEING,
    ("GET", "/api/categories"): OPERATORS,
    ("GET", "/api/categories/guess"): OPERATORS,
    ("GET", "/api/drafts"): OPERATORS,
    ("POST", "/api/drafts"): OPERATORS,
    ("GET", "/api/drafts/{draft_id}"): OPERATORS,
    ("PUT", "/api/drafts/{draft_id}"): OPERATORS,
    ("GET", "/api/drafts/{draft_id}/history"): OPERATORS,
}
BODIES: dict[str, dict[str, Any]] = {
    "/api/cases/{number}/dispatch": {"authority": "gov-tianhe", "version": 1},
    "/api/cases/{number}/withdraw": {"reason": "x", "verified": "y", "version": 1},
    "/api/cases/{number}/reveal": {"reason": "x"},
    "/api/cases/{number}/calls": {"call_id": "x"},
    "/api/cases": {"draft_id": "x", "fields": {}, "outcome": {"kind": "submitted"}},
    "/api/drafts/{draft_id}": {"revision": 1, "fields": {}},
}


async def knock(site: Site, who: str | None, method: str, path: str, number: str) -> int:
    """The status that `who` gets; 403 and 401 are refusals, all else means that the door opened."""
    address = path.format(number=number, draft_id="no-such-draft")
    sent: dict[str, Any] = {}
    if method != "GET":
        form = path.startswith("/cases")
        sent = {"data": {"version": "1"}} if form else {"json": BODIES.get(path, {})}
    async with site.browser(who) as browser:
        return (await browser.request(method, address, headers=CSRF, **sent)).status_code


def test_the_matrix_names_every_route(site: Site) -> None:
    served = set()
    for path, methods in site.app.openapi()["paths"].items():
        served |= {(method.upper(), path) for method in methods}

    assert served == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
async def test_each_route_opens_to_those_whom_the_policy_lets_in(
    site: Site, method: str, path: str
) -> None:
    number = await site.filed(outcome=Submitted())
    for who in sorted(PEOPLE):
        status = await knock(site, who, method, path, number)
        assert (status != 403) is (who in ROUTES[method, path]), (who, status)
    assert await knock(site, None, method, path, number) == 401


async def test_an_unsafe_request_without_the_token_is_refused(site: Site) -> None:
    number = await site.filed(outcome=Submitted())
    async with site.browser("dispatcher") as browser:
        answer = await browser.post(
            f"/api/cases/{number}/dispatch", json={"authority": "gov-tianhe", "version": 1}
        )

    assert answer.status_code == 403


async def test_permission_comes_before_the_version_and_before_existence(site: Site) -> None:
    number = await site.filed(outcome=Submitted())
    body = {"authority": "gov-tianhe", "version": 99}
    async with site.browser("operator") as browser:
        for wrong in (number, "GZ20000101-000001"):
            answer = await browser.post(f"/api/cases/{wrong}/dispatch", json=body, headers=CSRF)
            assert answer.status_code == 403
    async with site.browser("dispatcher") as browser:
        answer = await browser.post(f"/api/cases/{number}/dispatch", json=body, headers=CSRF)
        assert (answer.status_code, answer.json()["error"]) == (409, "conflict")


# --- the form's JSON --------------------------------------------------------------------------


async def test_a_case_goes_from_the_call_to_a_work_order_over_json(site: Site) -> None:
    async with site.browser("operator") as browser:
        draft = (await browser.post("/api/drafts", json={"call_id": CALL}, headers=CSRF)).json()
        assert draft["number"] == "138****8000"
        assert draft["missing"]["dispatched"] == ["category", "district", "address", "description"]
        fields = {
            "request_type": "complaint",
            "category": "urban.environment.fume",
            "district": "tianhe",
            "address": "天河区棠下西边大街8号",
            "description": "火锅店油烟扰民",
            "source_name": "老城火锅店",
        }
        saved = await browser.put(
            f"/api/drafts/{draft['draft_id']}",
            json={"revision": draft["revision"], "fields": fields},
            headers=CSRF,
        )
        assert saved.json()["missing"]["dispatched"] == []
        body = {
            "draft_id": draft["draft_id"],
            "fields": fields,
            "outcome": {"kind": "dispatched", "authority": "gov-tianhe"},
        }
        first = await browser.post("/api/cases", json=body, headers=CSRF)
        again = await browser.post("/api/cases", json=body, headers=CSRF)
        whole = (await browser.get(f"/api/cases/{first.json()['number']}")).json()

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["number"] == first.json()["number"] == "GZ20261124-000001"
    assert first.json()["order"]["number"] == "GZ20261124-000001-01"
    assert first.json()["order"]["due"]["alert"] == "on_time"
    assert whole["calls"] == [CALL]
    assert whole["line"]["authority_name"] == "天河区政府"
    assert [e["what"] for e in whole["timeline"]] == ["opened", "dispatched"]
    assert whole["timeline"][1]["detail"] == "承办单位：天河区政府"


async def test_a_missing_field_is_named_beside_the_sentence(site: Site) -> None:
    draft = await site.world.draft(call_id=None)
    body = {
        "draft_id": draft,
        "fields": {"category": "consumer.delivery.lost", "description": "快递丢了"},
        "outcome": {"kind": "dispatched", "authority": "postal-administration"},
    }
    async with site.browser("operator") as browser:
        answer = await browser.post("/api/cases", json=body, headers=CSRF)

    assert answer.status_code == 422
    assert answer.json() == {
        "error": "bad_input",
        "message": "请填写必填项",
        "field": "district",
    }


async def test_a_save_at_an_old_revision_answers_with_both_versions(site: Site) -> None:
    draft = await site.world.draft(call_id=None)
    mine, theirs = {"description": "我写的"}, {"description": "另一个窗口写的"}
    async with site.browser("operator") as browser:
        address = f"/api/drafts/{draft}"
        await browser.put(address, json={"revision": 1, "fields": theirs}, headers=CSRF)
        answer = await browser.put(address, json={"revision": 1, "fields": mine}, headers=CSRF)
        restored = (await browser.get(address)).json()

    assert answer.status_code == 409
    both = answer.json()
    assert (both["mine"], both["theirs"]["fields"]) == (mine, theirs)
    assert both["theirs"]["revision"] == 2
    assert restored["fields"] == theirs


async def test_two_tabs_saving_at_once_lose_nothing_unseen(site: Site) -> None:
    draft = await site.world.draft(call_id=None)
    async with site.browser("operator") as browser:
        answers = await asyncio.gather(
            *(
                browser.put(
                    f"/api/drafts/{draft}",
                    json={"revision": 1, "fields": {"description": str(n)}},
                    headers=CSRF,
                )
                for n in range(5)
            )
        )

    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409]


async def test_anothers_draft_is_not_found(site: Site) -> None:
    draft = await site.world.draft()
    async with site.browser("other-operator") as browser:
        for path in (f"/api/drafts/{draft}", f"/api/drafts/{draft}/history"):
            assert (await browser.get(path)).status_code == 404
        answer = await browser.post("/api/drafts", json={"call_id": CALL}, headers=CSRF)
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"revision": "one", "fields": {}},
        {"revision": 1},
        {"revision": 1, "fields": {"description": "长" * 4001}},
        {"revision": 1, "fields": {"x" * 121: ""}},
        {"revision": 1, "fields": {}, "surprise": 1},
        {"revision": 1, "fields": {f"f{n}": "" for n in range(81)}},
        {"revision": 1, "fields": {"colour": "red"}},
    ],
)
async def test_a_malformed_save_is_refused(site: Site, body: dict[str, Any]) -> None:
    draft = await site.world.draft()
    async with site.browser("operator") as browser:
        answer = await browser.put(f"/api/drafts/{draft}", json=body, headers=CSRF)

    assert answer.status_code == 422


async def test_the_callers_history_shows_past_cases_and_open_orders(site: Site) -> None:
    await site.filed()
    await site.filed(replace(FUME, confidential=True))
    draft = await site.world.draft()
    async with site.browser("operator") as browser:
        history = (await browser.get(f"/api/drafts/{draft}/history")).json()

    assert [c["title"] for c in history["cases"]] == ["", FUME.description]
    assert [c["hidden"] for c in history["cases"]] == ["已保密", ""]
    assert len(history["open_orders"]) == 2


async def test_the_forms_reference_comes_in_the_readers_language(site: Site) -> None:
    async with site.browser("operator", "en") as browser:
        english = (await browser.get("/api/categories")).json()
    async with site.browser("operator") as browser:
        chinese = (await browser.get("/api/categories")).json()

    def named(data: dict[str, Any], code: str) -> str:
        return next(str(c["name"]) for c in data["categories"] if c["id"] == code)

    assert named(english, "urban.environment.fume") == "Cooking fumes"
    assert named(chinese, "urban.environment.fume") == "餐饮油烟"
    assert len(chinese["districts"]) == 11
    assert {t["number"] for t in chinese["transfer_targets"]} == {
        "110",
        "119",
        "120",
        "122",
        "12366",
    }
    assert "answered" in {d["code"] for d in chinese["dispositions"]}


async def test_the_guess_says_the_path_and_what_matched(site: Site) -> None:
    async with site.browser("operator") as browser:
        answer = await browser.get(
            "/api/categories/guess", params={"text": "楼下火锅店油烟", "team": "urban"}
        )

    first = answer.json()["guesses"][0]
    assert first["id"] == "urban.environment.fume"
    assert first["path"] == ["国土城管", "环境保护", "餐饮油烟"]
    assert set(first["matched"]) == {"油烟", "火锅店"}


async def test_suggested_authorities_come_first(site: Site) -> None:
    async with site.browser("operator") as browser:
        answer = await browser.get(
            "/api/authorities-for-category",
            params={"category": "urban.environment.fume", "district": "haizhu"},
        )

    assert [a["id"] for a in answer.json()["suggested"]] == [
        "gov-haizhu",
        "ecology-environment",
    ]
    assert len(answer.json()["everybody"]) == 123


async def test_templates_and_self_service_items_are_all_there(site: Site) -> None:
    async with site.browser("operator") as browser:
        templates = (await browser.get("/api/templates")).json()
        items = (await browser.get("/api/self-service")).json()

    assert (len(templates), len(items)) == (8, 11)


async def test_another_call_is_linked_over_json(site: Site) -> None:
    number = await site.filed()
    async with site.browser("operator") as browser:
        answer = await browser.post(
            f"/api/cases/{number}/calls", json={"call_id": OTHER_CALL}, headers=CSRF
        )

    assert answer.json()["calls"] == [OTHER_CALL]
