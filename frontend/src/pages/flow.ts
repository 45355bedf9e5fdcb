// The picture of a flow: zooming, and walking from step to step by the arrow keys. Without this
// module it is a picture of links to the steps' figures.

import { need, setText } from "../shared/dom";

const SMALLEST = 0.25;
const LARGEST = 2;
const ZOOM_STEP = 1.25;

type Direction = "left" | "right" | "up" | "down";
const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

const frame = need("graph", HTMLDivElement);
const picture = frame.querySelector("svg");
if (picture === null) throw new Error("missing picture");
const svg = picture;
const natural = svg.viewBox.baseVal;
const size = need("zoom", HTMLOutputElement);
const steps = [...svg.querySelectorAll<SVGAElement>("a.step")];
const ways = [...svg.querySelectorAll<SVGElement>("[data-source]")];
let zoom = 1;

// --- size -----------------------------------------------------------------------------------------

/** The middle of what is seen stays in the middle. */
function setZoom(wanted: number): void {
  const before = zoom;
  zoom = Math.min(Math.max(wanted, SMALLEST), LARGEST);
  const middle = {
    x: (frame.scrollLeft + frame.clientWidth / 2) / before,
    y: (frame.scrollTop + frame.clientHeight / 2) / before,
  };
  svg.setAttribute("width", String(Math.round(natural.width * zoom)));
  svg.setAttribute("height", String(Math.round(natural.height * zoom)));
  frame.scrollTo(
    middle.x * zoom - frame.clientWidth / 2,
    middle.y * zoom - frame.clientHeight / 2,
  );
  setText(size, `${Math.round(zoom * 100)}%`);
}

const fitting = (): number =>
  Math.min(frame.clientWidth / natural.width, frame.clientHeight / natural.height, 1);

const sizes: Readonly<Record<string, () => void>> = {
  in: () => setZoom(zoom * ZOOM_STEP),
  out: () => setZoom(zoom / ZOOM_STEP),
  fit: () => setZoom(fitting()),
  one: () => setZoom(1),
};
const KEYS: Readonly<Record<string, string>> = { "+": "in", "=": "in", "-": "out", "0": "one" };

for (const button of document.querySelectorAll<HTMLButtonElement>("#graph-tools [data-zoom]")) {
  button.addEventListener("click", () => sizes[button.dataset["zoom"] ?? ""]?.());
}

// --- walking --------------------------------------------------------------------------------------

interface Place {
  readonly step: SVGAElement;
  readonly x: number;
  readonly y: number;
}

function place(step: SVGAElement): Place {
  const box = step.getBoundingClientRect();
  return { step, x: box.left, y: box.top + box.height / 2 };
}

/** The next step of the column above or below, or the nearest one of the column beside. */
function neighbour(from: SVGAElement, direction: Direction): SVGAElement | undefined {
  const here = place(from);
  const others = steps.filter((step) => step !== from).map(place);
  const ahead = others.filter((other) => {
    switch (direction) {
      case "up":
        return Math.abs(other.x - here.x) < 1 && other.y < here.y;
      case "down":
        return Math.abs(other.x - here.x) < 1 && other.y > here.y;
      case "left":
        return other.x < here.x - 1;
      case "right":
        return other.x > here.x + 1;
    }
  });
  const beside = Math.min(...ahead.map((other) => Math.abs(other.x - here.x)));
  const near = ahead.filter((other) => Math.abs(other.x - here.x) < beside + 1);
  near.sort((a, b) => Math.abs(a.y - here.y) - Math.abs(b.y - here.y));
  return near[0]?.step;
}

/** One stop for the Tab key: the step that was looked at last. */
function choose(chosen: SVGAElement): void {
  const name = chosen.dataset["step"];
  for (const step of steps) step.setAttribute("tabindex", step === chosen ? "0" : "-1");
  for (const way of ways) {
    const touches = way.dataset["source"] === name || way.dataset["target"] === name;
    way.classList.toggle("lit", touches);
  }
}

for (const step of steps) {
  step.addEventListener("focus", () => {
    choose(step);
    step.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}

frame.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const size = KEYS[event.key];
  const direction = DIRECTIONS[event.key];
  if (size !== undefined) {
    event.preventDefault();
    sizes[size]?.();
    document.activeElement?.scrollIntoView({ block: "nearest", inline: "nearest" });
    return;
  }
  const from = event.target instanceof Element ? event.target.closest<SVGAElement>("a.step") : null;
  if (direction === undefined || from === null) return;
  event.preventDefault();
  neighbour(from, direction)?.focus();
});

// The row that was gone to has the focus, so that Tab goes on from there.
window.addEventListener("hashchange", () => {
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.focus();
});

const first = steps.find((step) => step.classList.contains("start")) ?? steps[0];
if (first !== undefined) choose(first);
for (const way of ways) way.classList.remove("lit");
need("graph-tools", HTMLDivElement).hidden = false;
need("graph-keys", HTMLParagraphElement).hidden = false;
