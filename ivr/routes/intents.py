"""The page of the intents: what callers may say, and a box to try a sentence in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ivr.core.catalogue import PromptCatalogue
from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.intents import (
    LONGEST_TEXT,
    IntentTable,
    Kind,
    Mention,
    Role,
    Standing,
    Understood,
    understand,
)
from ivr.routes.flows import wish_name
from kernel.infra.web import WebKit
from kernel.policy import Action

KIND_NAMES = {
    Kind.MATTER: ("info", "办事"),
    Kind.EMERGENCY: ("danger", "紧急"),
    Kind.PERSON: ("ok", "人工"),
    Kind.REPEAT: ("neutral", "再听一遍"),
}
ROLE_NAMES = {Role.FILLER: "不说明什么", Role.DENIAL: "否定", Role.DOUBT: "讲过去或打听"}
ROLE_WHY = {
    Role.FILLER: "不单独算",
    Role.DENIAL: "紧跟在后面的不算",
    Role.DOUBT: "紧急的事要先问一遍",
}
UNKNOWN_WORDS = "不认识"
STANDING_NAMES = {
    Standing.COUNTS: "算数",
    Standing.DENIED: "前面有否定，不算",
    Standing.NARROWER: "说到了其中更具体的一项，按那一项办",
    Standing.GAVE_WAY: "同时说了别的事，按别的办",
}
UNHEARD = ("neutral", "没有听懂", "再问一遍，仍听不懂就转人工")
REPEATED = ("neutral", "再听一遍", "把刚才的话再念一遍，不算没听懂")
AT_ONCE = ("ok", "听懂了", "听得准就直接办；听得不准先问一遍")
WHICH = ("info", "两件事", "问来电人先办哪一件")
CLEAR = ("danger", "紧急，直接转", "只说了紧急的事：听得准就立刻转，听得不准先问一遍")
DOUBTFUL = ("warn", "紧急，先问一遍", "不像是现在求助：问是不是要转，没有回答就由人工优先接听")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the sentence: `intent` or `role`, and why it counts or not."""

    text: str
    look: str
    intent: str | None
    role: str
    why: str


def build_router(kit: WebKit, table: IntentTable, catalogue: PromptCatalogue) -> APIRouter:
    """The page `/ivr-intents`."""
    router = kit.router(action=Action.SEE_FLOWS)

    @router.get("/ivr-intents")
    async def intents(
        request: Request, text: Annotated[str, Query(max_length=LONGEST_TEXT)] = ""
    ) -> Response:
        screen = await kit.language(request)
        found = understand(table, text) if text.strip() else None
        return await kit.page(
            request,
            "ivr/intents.html",
            text=text,
            found=found,
            verdict=verdict(table, found) if found else None,
            pieces=tuple(pieces(found)) if found else (),
            rows=tuple(table.intents.values()),
            kinds=KIND_NAMES,
            languages=LANGUAGE_ORDER,
            wish_name=lambda name: wish_name(catalogue, name, screen),
        )

    return router


def verdict(table: IntentTable, found: Understood) -> tuple[str, str, str]:
    """(look, title, what follows) of a sentence at a step that offers everything."""
    if not found.wishes:
        return REPEATED if found.repeat else UNHEARD
    if table.kind(found.wishes[0]) is Kind.EMERGENCY:
        return CLEAR if found.clear else DOUBTFUL
    return WHICH if len(found.wishes) > 1 else AT_ONCE


def pieces(found: Understood) -> Iterator[Piece]:
    """The sentence from left to right, with what is between the phrases."""
    at = 0
    for mention in found.mentions:
        if mention.start > at:
            yield _unknown(found.text[at : mention.start])
        yield _piece(mention)
        at = mention.end
    if at < len(found.text):
        yield _unknown(found.text[at:])


def _unknown(text: str) -> Piece:
    return Piece(text, "unknown", None, UNKNOWN_WORDS, ROLE_WHY[Role.FILLER])


def _piece(mention: Mention) -> Piece:
    if isinstance(mention.means, Role):
        return Piece(
            mention.phrase, mention.means, None, ROLE_NAMES[mention.means], ROLE_WHY[mention.means]
        )
    why = STANDING_NAMES[mention.standing]
    return Piece(mention.phrase, mention.standing, mention.means, "", why)
