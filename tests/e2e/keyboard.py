"""The way of the Tab key through a page: what it reaches, what it shows, and that it comes out."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Page

# A radio group and a group that the arrow keys walk through are one stop.
_LISTEN = """() => {
  const said = (one) => one.getAttribute("aria-label") || one.name || one.textContent;
  const label = (one) =>
    `${one.tagName.toLowerCase()}#${one.id} ${(said(one) ?? "").trim().slice(0, 30)}`;
  const stops = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter((one) => one.tabIndex >= 0 && !one.matches(":disabled")
      && one.checkVisibility({visibilityProperty: true}))
    .filter((one) => one.type !== "radio" || one.checked
      || !document.querySelector(`input[type=radio][name="${one.name}"]:checked`));
  window.tabWalk = {stops, seen: new Set(), hidden: new Set(), groups: new Set(), label};
  document.addEventListener("focusin", ({target}) => {
    const walk = window.tabWalk;
    walk.seen.add(target);
    if (target.type === "radio") walk.groups.add(target.name);
    const ring = getComputedStyle(target);
    const box = target.getBoundingClientRect();
    const shown = ring.outlineStyle !== "none" && Number.parseFloat(ring.outlineWidth) >= 2;
    const inside = box.bottom > 0 && box.right > 0
      && box.top < innerHeight && box.left < innerWidth;
    if (!shown || !inside) walk.hidden.add(label(target));
  });
  document.activeElement?.blur();
  return stops.length;
}"""
_RESULT = """() => {
  const {stops, seen, hidden, groups, label} = window.tabWalk;
  const missed = stops.filter((one) =>
    one.isConnected && !seen.has(one) && !(one.type === "radio" && groups.has(one.name)));
  return {missed: missed.map(label), hidden: [...hidden]};
}"""
_SPARE = 12
"""Stops that the browser adds: regions that scroll, and its own frame at the end."""


@dataclass(frozen=True, slots=True)
class Walk:
    """`missed`: what Tab did not reach; `unseen`: focused without a ring or out of sight."""

    stops: int
    missed: list[str]
    unseen: list[str]


async def walk(page: Page) -> Walk:
    """Press Tab until every control could have been reached, and as often again as is to spare."""
    stops = await page.evaluate(_LISTEN)
    for _ in range(stops + _SPARE):
        await page.keyboard.press("Tab")
    found = await page.evaluate(_RESULT)
    return Walk(stops, found["missed"], found["hidden"])
