// The booths as a map: one cell each, in the order of their numbers. One cell is in the tab order;
// the arrow keys move from there.

import { fill, make, need, setText } from "../shared/dom";
import { getJson, HttpError } from "../shared/http";
import { t } from "../shared/i18n";
import type { BoothCell, OperatorDayOut } from "../shared/protocol";
import { clockTime, duration, secondsSince } from "../shared/time";
import { ForceForm } from "./force_form";
import { boothState, contradictionText, personName, reasonText, teamName } from "../shared/words";

const STATES = ["ready", "talking", "dialling", "offered", "wrap_up", "not_ready"] as const;

export class BoothMap {
  private readonly root = need("booths", HTMLDivElement);
  private readonly legend = need("booth-legend", HTMLUListElement);
  private readonly filter = need("booth-filter", HTMLSelectElement);
  private readonly detail = need("booth-detail", HTMLDivElement);
  private readonly order = ForceForm.onPage();
  private readonly cells = new Map<string, HTMLButtonElement>();
  private readonly counts = new Map<string, HTMLElement>();
  private present = new Map<string, BoothCell>();
  private chosen: string | null = null;
  private day: OperatorDayOut | null = null;

  constructor() {
    for (const cell of this.root.querySelectorAll<HTMLButtonElement>("[data-booth]")) {
      this.cells.set(cell.dataset["booth"] ?? "", cell);
    }
    for (const state of [...STATES, "free"]) {
      const count = make("strong", {}, "0");
      this.counts.set(state, count);
      const sample = make("span", {
        class: "cell",
        attributes: { "data-state": state, "aria-hidden": "true" },
      });
      const name = state === "free" ? t("空席") : boothState(state);
      this.legend.append(make("li", {}, sample, name, " ", count));
    }
    this.root.addEventListener("click", (event) => {
      const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-booth]");
      if (cell !== null) this.choose(cell.dataset["booth"] ?? "");
    });
    this.root.addEventListener("keydown", (event) => this.walk(event));
    this.filter.addEventListener("change", () => this.draw());
  }

  render(booths: readonly BoothCell[]): void {
    this.present = new Map(booths.map((booth) => [booth.booth, booth]));
    this.draw();
    this.drawDetail();
  }

  tick(): void {
    const booth = this.chosen === null ? undefined : this.present.get(this.chosen);
    const timer = this.detail.querySelector("[data-timer]");
    if (booth !== undefined && timer !== null) setText(timer, duration(secondsSince(booth.since)));
  }

  choose(number: string): void {
    this.cells.get(this.chosen ?? "")?.removeAttribute("aria-current");
    this.chosen = number;
    this.day = null;
    const cell = this.cells.get(number);
    cell?.setAttribute("aria-current", "true");
    this.drawDetail();
    const booth = this.present.get(number);
    if (booth !== undefined) void this.readDay(booth.agent);
    this.detail.scrollIntoView({ block: "nearest" });
  }

  private draw(): void {
    const team = this.filter.value;
    const counts = new Map<string, number>();
    for (const [number, cell] of this.cells) {
      const booth = this.present.get(number);
      const shown = booth === undefined ? "free" : booth.state === "consulting" ? "talking" : booth.state;
      const inTeam = team === "" || booth?.teams.includes(team) === true;
      if (inTeam) counts.set(shown, (counts.get(shown) ?? 0) + 1);
      setData(cell, "state", booth?.state ?? "free");
      setData(cell, "alarm", String(booth !== undefined && (!booth.reachable || booth.contradiction !== null)));
      setData(cell, "dim", String(!inTeam));
      const label = booth === undefined ? t("%(booth)s 空席", { booth: number }) : this.label(booth);
      if (cell.getAttribute("aria-label") !== label) {
        cell.setAttribute("aria-label", label);
        cell.title = label;
      }
    }
    for (const [state, count] of this.counts) setText(count, String(counts.get(state) ?? 0));
  }

  private label(booth: BoothCell): string {
    const state = booth.state === "not_ready" ? reasonText(booth.reason) : boothState(booth.state);
    const told = booth.contradiction === null ? "" : contradictionText(booth.contradiction);
    const lost = told !== "" ? ` ${told}` : booth.reachable ? "" : ` ${t("话机离线")}`;
    return `${booth.booth} ${personName(booth)} ${state}${lost}`;
  }

  private drawDetail(): void {
    if (this.chosen === null) return;
    const booth = this.present.get(this.chosen);
    this.order?.aim(booth ?? null);
    if (booth === undefined) {
      fill(this.detail, make("p", { class: "hint" }, t("%(booth)s 席现在没有人", { booth: this.chosen })));
      return;
    }
    const day = this.day;
    const state = booth.state === "not_ready" ? reasonText(booth.reason) : boothState(booth.state);
    fill(
      this.detail,
      make("h3", {}, `${booth.booth} ${personName(booth)} ${booth.agent}`),
      definitions([
        [t("状态"), make("span", {}, state, " ", make("span", { attributes: { "data-timer": "" } }))],
        [t("班组"), booth.teams.map((team) => teamName(team)).join(t("、"))],
        [t("话机"), phoneCell(booth)],
        [t("今日接听"), day === null ? "…" : String(day.calls)],
        [t("平均通话"), day === null ? "…" : average(day.talk_s, day.calls)],
        [t("平均整理"), day === null ? "…" : average(day.wrap_up_s, day.calls)],
        [t("拒接或未接"), day === null ? "…" : String(day.declined)],
        [t("签入时间"), day === null ? "…" : day.first_at === null ? "–" : clockTime(day.first_at)],
      ]),
      day === null
        ? null
        : make("p", { class: "hint" }, t("自 %(time)s 起统计", { time: clockTime(day.counted_since) })),
    );
    this.tick();
  }

  private async readDay(agent: string): Promise<void> {
    try {
      const day = await getJson<OperatorDayOut>(`/api/wallboard/operators/${encodeURIComponent(agent)}`);
      if (this.present.get(this.chosen ?? "")?.agent !== agent) return;
      this.day = day;
      this.drawDetail();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    }
  }

  private walk(event: KeyboardEvent): void {
    const cells = [...this.cells.values()];
    const at = cells.indexOf(document.activeElement as HTMLButtonElement);
    if (at < 0) return;
    const next = cells[at + step(event.key, columns(cells))];
    if (next === undefined || next === cells[at]) return;
    event.preventDefault();
    cells[at]?.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }
}

function step(key: string, width: number): number {
  switch (key) {
    case "ArrowRight":
      return 1;
    case "ArrowLeft":
      return -1;
    case "ArrowDown":
      return width;
    case "ArrowUp":
      return -width;
    default:
      return 0;
  }
}

/** How many cells stand in one row at the present width. */
function columns(cells: readonly HTMLElement[]): number {
  const top = cells[0]?.offsetTop ?? 0;
  const width = cells.findIndex((cell) => cell.offsetTop !== top);
  return width < 0 ? cells.length : width;
}

function setData(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

/** What the phone does; in red where that contradicts the operator's state. */
function phoneCell(booth: BoothCell): string | Node {
  if (booth.contradiction === null) return booth.reachable ? t("在线") : t("离线");
  return make("strong", { class: "danger" }, contradictionText(booth.contradiction));
}

function average(total: number, count: number): string {
  return count === 0 ? "–" : duration(total / count);
}

function definitions(pairs: readonly (readonly [string, string | Node])[]): HTMLElement {
  const list = make("dl");
  for (const [term, value] of pairs) list.append(make("div", {}, make("dt", {}, term), make("dd", {}, value)));
  return list;
}
