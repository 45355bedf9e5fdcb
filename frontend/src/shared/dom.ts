// Small helpers for building pages. Text goes in as text nodes only, never as markup.

type Child = Node | string | null | undefined;

interface Properties {
  readonly class?: string;
  readonly id?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly click?: (event: MouseEvent) => void;
}

/** A new element with its attributes and children. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (properties.class !== undefined) element.className = properties.class;
  if (properties.id !== undefined) element.id = properties.id;
  for (const [key, value] of Object.entries(properties.attributes ?? {})) {
    element.setAttribute(key, value);
  }
  if (properties.click !== undefined) {
    const handler = properties.click;
    element.addEventListener("click", (event) => handler(event as MouseEvent));
  }
  append(element, children);
  return element;
}

/** Replace all children of `parent`. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined) parent.append(child);
  }
}

/** The element with this id; a page without it is broken, and says so. */
export function need<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`missing element #${id}`);
  return found;
}

/** Set the text only if it differs, so that screen readers and selections are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export type BadgeKind = "ok" | "info" | "warn" | "danger" | "neutral";

/** A state by shape, word and colour. */
export function badge(kind: BadgeKind, text: string): HTMLElement {
  return make(
    "span",
    { class: `badge badge-${kind}` },
    make("span", { class: `shape shape-${kind}`, attributes: { "aria-hidden": "true" } }),
    text,
  );
}

/** Change a badge in place; nothing happens when it says so already. */
export function setBadge(element: HTMLElement, kind: BadgeKind, text: string): void {
  if (element.dataset["kind"] === kind && element.textContent === text) return;
  element.dataset["kind"] = kind;
  element.className = `badge badge-${kind}`;
  fill(
    element,
    make("span", { class: `shape shape-${kind}`, attributes: { "aria-hidden": "true" } }),
    text,
  );
}
