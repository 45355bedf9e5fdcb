"""What stands on a page in the other language without saying so (`lang`): texts left behind."""

from __future__ import annotations

from playwright.async_api import Page

_FOREIGN = """() => {
  const english = document.documentElement.lang === "en";
  const foreign = english ? /[\\u3400-\\u9fff]/ : /[A-Za-z]{4,}/;
  const found = new Set();
  const say = (text, one) => {
    const spoken = one.closest("[lang]").lang.startsWith("en") === english;
    if (spoken && foreign.test(text) && !one.closest("kbd, code, script, style, textarea.code"))
      found.add(text.trim().replace(/\\s+/g, " ").slice(0, 60));
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) say(texts.currentNode.data, texts.currentNode.parentElement);
  for (const name of ["aria-label", "title", "placeholder"])
    for (const one of document.querySelectorAll(`[${name}]`)) say(one.getAttribute(name), one);
  return [document.title, ...found].filter((text) => foreign.test(text));
}"""


async def foreign(page: Page) -> list[str]:
    """Texts, labels and titles in the other language: Chinese characters, or Latin words."""
    found: list[str] = await page.evaluate(_FOREIGN)
    return found
