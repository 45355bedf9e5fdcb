// Keeps the guard's figures fresh: every few seconds the server's own markup of that part is fetched
// and put in place. Nobody is disturbed who is reading it with the keyboard. A level that changes is
// said to screen readers, once.

import { need, setText } from "../shared/dom";

const EVERY_MS = 3000;
const live = need("live", HTMLDivElement);
const told = need("level-told", HTMLParagraphElement);

async function refresh(): Promise<void> {
  if (document.hidden || live.contains(document.activeElement)) return;
  try {
    const answer = await fetch("/screening/live", { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const level = fresh.getElementById("level-now")?.dataset["level"];
    live.replaceChildren(...fresh.body.childNodes);
    if (level !== undefined) setText(told, level);
    live.classList.remove("stale");
  } catch {
    live.classList.add("stale");
  }
}

window.setInterval(() => void refresh(), EVERY_MS);
