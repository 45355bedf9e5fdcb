"""Pages in a real browser without the telephone: an application on a free port, one signed-in
person at 1366 x 768, and what axe-core has to say."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright
from starlette.staticfiles import StaticFiles

from kernel.infra.web import COOKIE

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
FLAGS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required")


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The address of the application, with the built front end, on a free port."""
    app.mount("/static", StaticFiles(directory=FRONTEND / "dist"))
    config = uvicorn.Config(
        app, log_level="error", lifespan="off", ws="websockets-sansio", access_log=False
    )
    server = uvicorn.Server(config)
    # Bound before the server starts: whoever connects early waits in the socket's queue.
    listening = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def page_of(app: FastAPI, account: str, chromium: Path) -> AsyncIterator[Page]:
    """An empty page of whom the cookie names; addresses may leave out the host."""
    async with serving(app) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
        context = await browser.new_context(
            base_url=address, locale="zh-CN", viewport={"width": 1366, "height": 768}
        )
        await context.add_cookies([{"name": COOKIE, "value": account, "url": address}])
        yield await context.new_page()
        await browser.close()


async def violations(page: Page) -> list[tuple[str, str]]:
    """The rules of axe-core that the page breaks, each with the first place."""
    await page.add_script_tag(path=FRONTEND / "node_modules" / "axe-core" / "axe.min.js")
    result = await page.evaluate("axe.run()")
    return [(v["id"], v["nodes"][0]["html"]) for v in result["violations"]]
