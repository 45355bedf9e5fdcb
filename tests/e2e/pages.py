"""Every page of the product, with who looks at it and what it shows in a hotline that has calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from tests.e2e.records import Records

_PLACE = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class View:
    """One page as one person sees it. `shows` finds what the places in the route's address are."""

    name: str
    account: str
    route: str
    shows: str = ""
    query: str = ""
    ready: str = "main"
    """Visible once the page has drawn what is live."""

    def path(self, records: Records) -> str:
        """The address to go to; fails when there is nothing to show."""
        path = self.route
        if self.shows:
            found = records.rows(self.shows)
            assert found, f"nothing to show at {self.route}"
            for value in found[0].values():
                path = _PLACE.sub(quote(str(value)), path, count=1)
        return f"{path}?{self.query}" if self.query else path


LISTENED = (
    "SELECT call_id FROM recordings WHERE status = 'archived' ORDER BY duration_ms DESC LIMIT 1"
)
DISPATCHED = "SELECT number FROM cases WHERE state = 'dispatched' ORDER BY filed_at DESC LIMIT 1"
MISSED = "SELECT task_id FROM callback_tasks ORDER BY created_at DESC LIMIT 1"
ARTICLE = "SELECT id FROM kb_articles WHERE team = 'labour' ORDER BY id LIMIT 1"
VERSION = "SELECT name, MAX(number) FROM ivr_versions WHERE name = 'main'"
TABLE = "SELECT MAX(number) AS number FROM ivr_versions WHERE name = 'intents'"

VIEWS = (
    View("login", "", "/login"),
    View("phone", "", "/phone", ready="#dial:enabled"),
    View("account", "op0001", "/account"),
    View("desk", "op0001", "/desk", ready="#connection.badge-ok"),
    View("knowledge", "op0001", "/knowledge", query="q=拖欠工资"),
    View("knowledge-article", "op0001", "/knowledge/{article_id}", ARTICLE),
    View("callback", "op0001", "/callbacks/{task_id}", MISSED),
    View("wallboard", "ad01", "/wallboard", ready="#line-state.badge-ok"),
    View("plans", "ad01", "/plans", ready="#line-state.badge-ok"),
    View("calls", "ad01", "/calls"),
    View("call", "ad01", "/calls/{call_id}", LISTENED),
    View("callbacks", "ad01", "/callbacks"),
    View("satisfaction", "ad01", "/satisfaction"),
    View("recordings", "ad11", "/recordings"),
    View("recording", "ad11", "/recordings/{call_id}", LISTENED, ready="#play:enabled"),
    View("cases", "ad19", "/cases"),
    View("case", "ad19", "/cases/{number}", DISPATCHED),
    View("nothing-found", "ad19", "/cases", query="q=没有这样的诉求"),
    View("flow", "ad28", "/ivr/{flow}", "SELECT 'main'"),
    View("flow-survey", "ad28", "/ivr/{flow}", "SELECT 'survey'"),
    View(
        "flow-trial",
        "ad28",
        "/ivr/{flow}/try",
        "SELECT 'main'",
        "keys=6,1,20261124000123&key=8000",
    ),
    View("flow-editor", "ad28", "/ivr/{flow}/versions/{number}", VERSION),
    View("notices", "ad28", "/ivr-notices"),
    View("screening", "ad01", "/screening"),
    View("intents", "ad28", "/ivr-intents"),
    View("intents-editor", "ad01", "/ivr-intents/versions/{number}", TABLE),
    View("intents-difference", "ad28", "/ivr-intents/versions/{number}/difference", TABLE),
    View("prompts", "ad28", "/ivr-prompts"),
    View("prompt", "ad28", "/ivr-prompts/{language}/{name}", "SELECT 'yue', 'welcome'"),
    View("directory", "ad28", "/directory"),
    View("operators", "ad28", "/directory/operators"),
    View("booths", "ad28", "/directory/booths"),
    View("authorities", "ad28", "/directory/authorities"),
    View("lines", "ad28", "/directory/lines"),
    View("audit", "ad28", "/audit"),
)
