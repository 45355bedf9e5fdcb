"""No page of the product stays out of the accessibility pass and of the pictures."""

from __future__ import annotations

from tests.architecture.test_every_route_is_guarded import ROUTES
from tests.e2e.pages import VIEWS

NO_PAGE = {
    # They lead on to a page, or are read by programs.
    "/",
    "/ivr",
    "/healthz",
    "/i18n/{language}.json",
    "/cases/export.csv",
    "/screening/live",
}


def test_the_views_show_every_page_of_the_application() -> None:
    asked = {name.removeprefix("GET ") for name in ROUTES if name.startswith("GET ")}
    pages = {path for path in asked if not path.startswith("/api/")} - NO_PAGE

    assert {view.route for view in VIEWS} == pages
