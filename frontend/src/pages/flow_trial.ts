// A call on paper. Without this module each key is a page of its own; with it the page stays, what is
// heard is added to what was heard, and the keyboard's digits are the telephone's.

import { need } from "../shared/dom";

const heard = need("heard-list", HTMLOListElement);
const controls = need("controls", HTMLDivElement);
const KEYS = /^[0-9*#-]$/;
let busy = false;
/** Keys pressed before the answer to the last one: each needs the page that follows from it. */
const pressed: string[] = [];

/** The same moments stay as they are, so that a screen reader reads only what is new. */
function hear(fresh: Element): void {
  const news = [...fresh.children];
  const kept = [...heard.children];
  const same = news.findIndex((moment, n) => kept[n]?.isEqualNode(moment) !== true);
  const from = same === -1 ? news.length : same;
  for (const old of kept.slice(from)) old.remove();
  heard.append(...news.slice(from));
  heard.lastElementChild?.scrollIntoView({ block: "nearest" });
}

/** Where the keyboard was: the same key, the same field, or what is left to do. */
function refocus(key: string | null, field: string | null): void {
  const again = [
    key === null ? null : controls.querySelector<HTMLElement>(`.keypad [value="${CSS.escape(key)}"]`),
    field === null ? null : document.getElementById(field),
    controls.querySelector<HTMLElement>("[data-again]"),
    controls.querySelector<HTMLElement>(".keypad button"),
  ].find((one) => one !== null);
  again?.focus();
}

function show(page: Document): void {
  const freshHeard = page.getElementById("heard-list");
  const freshControls = page.getElementById("controls");
  if (freshHeard === null || freshControls === null) {
    location.reload();
    return;
  }
  const active = document.activeElement;
  const within = active !== null && controls.contains(active);
  const key = active instanceof HTMLButtonElement && active.value !== "" ? active.value : null;
  const field = active instanceof HTMLInputElement ? active.id : null;
  hear(freshHeard);
  controls.replaceChildren(...freshControls.childNodes);
  tellKeys();
  if (within) refocus(key, field);
}

async function go(address: string): Promise<void> {
  busy = true;
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    history.pushState(null, "", address);
    show(page);
  } catch {
    location.assign(address);
    return;
  }
  busy = false;
  const next = pressed.shift();
  if (next !== undefined) press(next);
}

function press(key: string): void {
  if (busy) {
    pressed.push(key);
    return;
  }
  const wanted = controls.querySelector<HTMLButtonElement>(
    key === "Backspace" ? "[data-back]" : `.keypad [value="${CSS.escape(key)}"]`,
  );
  // The call is over: what was pressed too much does nothing, as on a telephone.
  wanted?.focus();
  wanted?.click();
}

function tellKeys(): void {
  for (const hint of controls.querySelectorAll<HTMLElement>("[data-keys]")) hint.hidden = false;
}

controls.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  if (busy) {
    const key = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
    if (KEYS.test(key)) pressed.push(key);
    return;
  }
  const said = new URLSearchParams();
  for (const [name, value] of new FormData(form, event.submitter)) said.append(name, String(value));
  void go(`${form.getAttribute("action") ?? location.pathname}?${said.toString()}`);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, textarea, select") != null) return;
  if (!KEYS.test(event.key) && event.key !== "Backspace") return;
  event.preventDefault();
  press(event.key);
});

// What stands in the address is the call: going back in the browser goes back in the call.
window.addEventListener("popstate", () => location.reload());

tellKeys();
