"""What an operator does beside talking: looks up the knowledge base and files the case.

Through the JSON addresses that the desktop uses (`knowledge_base/schemas.py`,
`workorders/schemas.py`), with the session of the operator.
"""

from __future__ import annotations

from typing import Any

import httpx

from hotline.simulate.stories import Stories, Story
from kernel.errors import Unavailable


class CaseWork:
    """The case work of one operator. `http` is signed in; every method raises Unavailable with one
    sentence when an address refuses or does not answer."""

    def __init__(self, http: httpx.AsyncClient, csrf: str, stories: Stories) -> None:
        self._http = http
        self._headers = {"X-CSRF-Token": csrf}
        self._stories = stories

    async def look_up(self, call_id: str, team: str) -> str:
        """Search the knowledge base for the call's matter and open the best article.

        Returns its id, empty if nothing fits.
        """
        story = self._stories.story(call_id, team)
        found = await self._ask("GET", "/api/knowledge/search", q=story.search, team=team)
        if not found["hits"]:
            text = story.fields["description"]
            found = await self._ask("GET", "/api/knowledge/suggest", text=text, team=team)
        ids = [str(hit["article_id"]) for hit in found["hits"]]
        article = story.article or next(iter(ids), "")
        if article:
            await self._ask("GET", f"/api/knowledge/{article}", call_id=call_id)
        return article

    async def draft(self, call_id: str, team: str) -> str:
        """Open the call's draft and save the form once, as the desktop does. Returns its id."""
        story = self._stories.story(call_id, team)
        draft = await self._ask("POST", "/api/drafts", {"call_id": call_id, "team": team})
        body = {"revision": draft["revision"], "fields": story.fields}
        await self._ask("PUT", f"/api/drafts/{draft['draft_id']}", body)
        return str(draft["draft_id"])

    async def file(self, call_id: str, team: str, draft_id: str, article: str) -> str:
        """File the case: answered with the article, or a work order. Returns a sentence."""
        story = self._stories.story(call_id, team)
        outcome = await self._outcome(story, article)
        if outcome["kind"] == "answered" and article:
            uses = {"kind": "used", "call_id": call_id}
            await self._ask("POST", f"/api/knowledge/{article}/uses", uses)
        body = {"draft_id": draft_id, "fields": story.fields, "outcome": outcome}
        filed = await self._ask("POST", "/api/cases", body)
        order = f", work order {filed['order']['number']}" if filed["order"] else ""
        return f"files {filed['number']}, {outcome['kind']}{order}"

    async def _outcome(self, story: Story, article: str) -> dict[str, Any]:
        if story.outcome == "answered":
            return {"kind": "answered", "article_id": article or None, "answer": story.answer}
        if story.outcome == "submitted":
            return {"kind": "submitted"}
        choice = await self._ask(
            "GET",
            "/api/authorities-for-category",
            category=story.fields["category"],
            district=story.fields["district"],
        )
        return {"kind": "dispatched", "authority": choice["suggested"][0]["id"]}

    async def _ask(
        self, method: str, address: str, body: dict[str, Any] | None = None, **query: str
    ) -> Any:
        try:
            answer = await self._http.request(
                method, address, json=body, params=query or None, headers=self._headers
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"{address}: {type(error).__name__} {error}") from error
        if answer.is_error:
            raise Unavailable(f"{address} answered {answer.status_code}: {answer.text[:200]}")
        return answer.json() if answer.content else None
