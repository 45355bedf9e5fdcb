"""HTTP of this department: pages and JSON. No rules, no statements."""

from __future__ import annotations

from fastapi import APIRouter

from kernel.infra.web import WebKit
from workorders.routes.api import api_router
from workorders.routes.drafts_api import drafts_router
from workorders.routes.pages import pages_router
from workorders.routes.shown import Shown
from workorders.service import Cases

__all__ = ["build_router"]


def build_router(kit: WebKit, cases: Cases) -> APIRouter:
    """Pages `/cases`, `/cases/{number}`; JSON under `/api/cases`, `/api/drafts`,
    `/api/categories`, `/api/authorities-for-category`, `/api/templates`, `/api/self-service`."""
    shown = Shown(kit, cases)
    router = APIRouter()
    router.include_router(drafts_router(kit, cases, shown))
    router.include_router(api_router(kit, cases, shown))
    router.include_router(pages_router(kit, cases, shown))
    return router
