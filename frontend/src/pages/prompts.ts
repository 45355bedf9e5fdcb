// The prompts: one player for all of them. Arrows move between the lines, space plays, Enter opens.

import { need, setText } from "../shared/dom";
import { loadCatalogue, t } from "../shared/i18n";

await loadCatalogue();

const audio = new Audio();
const status = need("playing", HTMLParagraphElement);
const trouble = need("player-error", HTMLParagraphElement);
const buttons = [...document.querySelectorAll<HTMLButtonElement>("button.play")];
let current: HTMLButtonElement | null = null;

function complain(text: string): void {
  trouble.hidden = text === "";
  setText(trouble, text);
}

function mark(button: HTMLButtonElement, playing: boolean): void {
  const title = button.dataset["title"] ?? "";
  const word = button.querySelector("[data-word]");
  button.setAttribute("aria-pressed", String(playing));
  const label = playing ? t("停止：%(text)s", { text: title }) : t("播放：%(text)s", { text: title });
  button.setAttribute("aria-label", label);
  if (word !== null) setText(word, playing ? t("停止") : t("播放"));
}

function stop(): void {
  audio.pause();
  if (current !== null) mark(current, false);
  current = null;
  setText(status, "");
}

async function play(button: HTMLButtonElement): Promise<void> {
  const again = current === button;
  stop();
  if (again) return;
  current = button;
  complain("");
  mark(button, true);
  setText(status, t("正在播放：%(text)s", { text: button.dataset["title"] ?? "" }));
  audio.src = button.dataset["sound"] ?? "";
  try {
    await audio.play();
  } catch (error) {
    // Another one was chosen before this one began.
    if (error instanceof DOMException && error.name === "AbortError") return;
    stop();
    complain(t("这段声音无法播放，请刷新页面后重试"));
  }
}

audio.addEventListener("ended", stop);
for (const button of buttons) button.addEventListener("click", () => void play(button));

// --- keys -------------------------------------------------------------------------------------

const lines = [...document.querySelectorAll<HTMLTableRowElement>("tr[data-line]")];

function lineOf(target: Element | null): HTMLTableRowElement | null {
  return target?.closest<HTMLTableRowElement>("tr[data-line]") ?? null;
}

/** The next line up or down that can be played gets the focus; from outside, the first or last. */
function move(target: Element | null, step: 1 | -1): void {
  const here = lineOf(target);
  let index = here === null ? (step === 1 ? -1 : lines.length) : lines.indexOf(here);
  for (index += step; index >= 0 && index < lines.length; index += step) {
    const button = lines[index]?.querySelector<HTMLButtonElement>("button.play");
    if (button != null) {
      button.focus();
      return;
    }
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const target = event.target instanceof Element ? event.target : null;
  // What is typed in or chosen from keeps its keys, and so does every control for itself.
  if (target?.closest("input, textarea, select") != null) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (lines.length === 0) return;
    event.preventDefault();
    move(target, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === " " && target?.closest("button, a") == null) {
    const first = buttons[0];
    if (first === undefined) return;
    event.preventDefault();
    void play(current ?? first);
  } else if (event.key === "Enter" && target?.matches("button.play") === true) {
    const link = lineOf(target)?.querySelector<HTMLAnchorElement>("td a");
    if (link == null) return;
    event.preventDefault();
    link.click();
  }
});

// --- sending ------------------------------------------------------------------------------------

const form = document.getElementById("upload-form");
if (form instanceof HTMLFormElement) {
  const file = need("sound", HTMLInputElement);
  const wrong = need("sound-error", HTMLParagraphElement);
  const send = need("send", HTMLButtonElement);
  const largest = Number(form.dataset["largestMb"] ?? "0");
  form.addEventListener("submit", (event) => {
    const chosen = file.files?.[0];
    const tooLarge = chosen !== undefined && chosen.size > largest * 1024 * 1024;
    wrong.hidden = !tooLarge;
    setText(wrong, tooLarge ? t("文件超过%(most)s MB", { most: largest }) : "");
    if (tooLarge) {
      event.preventDefault();
      file.focus();
      return;
    }
    setText(send, t("正在检查 …"));
  });
}
