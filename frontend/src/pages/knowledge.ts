// The keys of the knowledge pages: `/` goes to the search box, the arrows walk the results, Enter
// opens (a link does that by itself). Works without this script, too.

const query = document.querySelector<HTMLInputElement>("#knowledge-q");
const results = document.querySelector("#knowledge-results");
const owner = document.querySelector<HTMLSelectElement>("#owner");

function links(): HTMLAnchorElement[] {
  return results === null ? [] : [...results.querySelectorAll<HTMLAnchorElement>("a.hit-title")];
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && target.type !== "radio")
  );
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  event.preventDefault();
  if (query === null) {
    location.assign("/knowledge");
    return;
  }
  query.focus();
  query.select();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const all = links();
  const at = all.indexOf(document.activeElement as HTMLAnchorElement);
  const inBox = document.activeElement === query;
  if (all.length === 0 || (at < 0 && !inBox)) return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0) query?.focus();
  else all[Math.min(next, all.length - 1)]?.focus();
});

owner?.addEventListener("change", () => owner.form?.requestSubmit());
