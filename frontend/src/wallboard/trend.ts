// A small line of the last hour: most callers waiting in each minute, with its scale.

import { fill, make } from "../shared/dom";
import { t } from "../shared/i18n";

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 120;
const HEIGHT = 40;
const LEAST_SCALE = 5;

/** Draw `points` (oldest first, null before the first sample) into `cell`. */
export function drawTrend(cell: Element, points: readonly (number | null)[]): void {
  const known = points.filter((point): point is number => point !== null);
  const top = Math.max(LEAST_SCALE, ...known);
  const most = known.length === 0 ? 0 : Math.max(...known);
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", t("近一小时最多 %(n)s 人排队", { n: most }));
  const spots = coordinates(points, top);
  if (spots.length > 1) {
    const line = spots.map(([x, y]) => `${x},${y}`).join(" ");
    const first = spots[0]?.[0] ?? 0;
    const last = spots[spots.length - 1]?.[0] ?? WIDTH;
    svg.append(
      shape("polygon", "area", `${first},${HEIGHT} ${line} ${last},${HEIGHT}`),
      shape("polyline", "line", line),
    );
  }
  fill(
    cell,
    svg as unknown as HTMLElement,
    make(
      "div",
      { class: "scale", attributes: { "aria-hidden": "true" } },
      make("span", {}, t("60分钟前")),
      make("span", {}, t("最多 %(n)s 人", { n: most })),
      make("span", {}, t("现在")),
    ),
  );
}

function coordinates(points: readonly (number | null)[], top: number): [number, number][] {
  const step = WIDTH / Math.max(points.length - 1, 1);
  return points.flatMap((point, index): [number, number][] =>
    point === null ? [] : [[round(index * step), round(HEIGHT - (point / top) * (HEIGHT - 2))]],
  );
}

function shape(name: "polygon" | "polyline", className: string, points: string): SVGElement {
  const made = document.createElementNS(NAMESPACE, name);
  made.setAttribute("class", className);
  made.setAttribute("points", points);
  return made;
}

const round = (value: number): number => Math.round(value * 10) / 10;
