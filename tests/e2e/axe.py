"""axe-core in the page: what a machine can find of what shuts people out."""

from __future__ import annotations

from functools import cache

from playwright.async_api import Page

from tests.e2e.hotline_process import ROOT

_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map((broken) =>
    `${broken.id}: ${broken.nodes.map((node) => node.target.join(" ")).slice(0, 5).join(", ")}`);
}"""


@cache
def _source() -> str:
    return (ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text()


async def flaws(page: Page) -> list[str]:
    """Each broken rule with the first places that break it; nothing for a page without flaws."""
    if not await page.evaluate("'axe' in window"):
        # Evaluated from outside: the pages' policy allows no script but their own.
        await page.evaluate(_source())
    found: list[str] = await page.evaluate(_RUN)
    return found
