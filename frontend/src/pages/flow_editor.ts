// The editor of a flow's text: a flaw leads to its line, Ctrl+S saves, and nobody leaves by accident
// what is not saved.

import { need } from "../shared/dom";

const form = need("flow-form", HTMLFormElement);
const body = need("field-body", HTMLTextAreaElement);
const note = need("field-note", HTMLInputElement);
const before = [body.value, note.value];
let sending = false;

/** The whole line is selected, a third of the way down in what is seen. */
function goTo(line: number): void {
  const lines = body.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((length, text) => length + text.length + 1, 0);
  body.focus();
  body.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  const height = Number.parseFloat(getComputedStyle(body).lineHeight);
  body.scrollTop = Math.max(0, (line - 1) * height - body.clientHeight / 3);
}

for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-line]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(Number(link.dataset["line"]));
  });
}

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
  event.preventDefault();
  form.requestSubmit();
});

form.addEventListener("submit", () => (sending = true));
window.addEventListener("beforeunload", (event) => {
  const typed = body.value !== before[0] || note.value !== before[1];
  const changed = typed || form.dataset["unsaved"] !== undefined;
  if (changed && !sending) event.preventDefault();
});
