// The five queues: numbers that change in their cells, and nothing else moves.

import { fill, make, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import type { TeamRow } from "../shared/protocol";
import { duration, nearMoment, percent, secondsSince } from "../shared/time";
import { drawTrend } from "./trend";

const WAIT_WARN_S = 30;
const WAIT_DANGER_S = 120;
const SERVICE_FLOOR = 0.8;
const CONNECT_FLOOR = 0.95;
const FORECAST_FLOOR = 0.7;

type Level = "" | "warn" | "danger";

export class TeamRows {
  private readonly rows = new Map<string, Map<string, HTMLElement>>();
  private readonly trends = new Map<string, string>();
  private present: readonly TeamRow[] = [];

  constructor(body: HTMLElement) {
    const labels = [...document.querySelectorAll(".board-teams thead th")].map(
      (head) => head.textContent ?? "",
    );
    for (const row of body.querySelectorAll<HTMLElement>("[data-team]")) {
      const cells = new Map<string, HTMLElement>();
      row.querySelectorAll<HTMLElement>("td").forEach((cell, index) => {
        cell.dataset["label"] = labels[index + 1] ?? "";
      });
      row.querySelectorAll<HTMLElement>("[data-cell]").forEach((cell) => {
        cells.set(cell.dataset["cell"] ?? "", cell);
      });
      this.rows.set(row.dataset["team"] ?? "", cells);
    }
  }

  render(teams: readonly TeamRow[]): void {
    this.present = teams;
    for (const team of teams) this.renderTeam(team);
    this.tick();
  }

  /** Once a second: how long the first in line has been waiting. */
  tick(): void {
    for (const team of this.present) {
      const cell = this.rows.get(team.team)?.get("longest");
      if (cell === undefined) continue;
      const waited = team.longest_since === null ? null : secondsSince(team.longest_since);
      const level: Level =
        waited === null || waited < WAIT_WARN_S ? "" : waited < WAIT_DANGER_S ? "warn" : "danger";
      setMarked(cell, waited === null ? "–" : duration(waited), level);
    }
  }

  private renderTeam(team: TeamRow): void {
    const cells = this.rows.get(team.team);
    if (cells === undefined) return;
    const put = (name: string, text: string, level: Level = ""): void => {
      const cell = cells.get(name);
      if (cell !== undefined) setMarked(cell, text, level);
    };
    put("waiting", String(team.waiting));
    put("callbacks", team.callbacks === 0 ? "" : t("另有%(n)s人待回拨", { n: team.callbacks }));
    put("service", percent(team.service_rate), below(team.service_rate, SERVICE_FLOOR, "warn"));
    put("connect", percent(team.connect_rate), below(team.connect_rate, CONNECT_FLOOR, "danger"));
    put("variants", `${percent(team.service_ignoring)} · ${percent(team.service_positive)}`);
    put("projection", projection(team), team.connect_breached ? "danger" : "");
    put("entered", String(team.entered));
    put("answered", String(team.answered));
    put("abandoned", String(team.abandoned));
    put("abandon_rate", abandons(team));
    put("asa", seconds(team.asa_s));
    put("aht", seconds(team.aht_s));
    put("forecast", percent(team.wait_within_rate), below(team.wait_within_rate, FORECAST_FLOOR, "warn"));
    put("forecast_error", forecastError(team));
    put("occupancy", percent(team.occupancy));
    put("staff", `${team.ready}/${team.busy}`);
    const trend = team.trend.join();
    const cell = cells.get("trend");
    if (cell !== undefined && this.trends.get(team.team) !== trend) {
      this.trends.set(team.team, trend);
      drawTrend(cell, team.trend);
    }
  }
}

/** When the rolling 24 hours will pass their limit, if they will at the present pace. */
function projection(team: TeamRow): string {
  const at = team.connect_crosses_at;
  if (at === null) return team.connect_breached ? t("24小时内难回升") : "";
  const time = nearMoment(at);
  return team.connect_breached
    ? t("预计 %(time)s 回升", { time })
    : t("预计 %(time)s 跌破", { time });
}

function abandons(team: TeamRow): string {
  if (team.abandon_rate === null) return "";
  return t("%(rate)s，短时 %(n)s", { rate: percent(team.abandon_rate), n: team.short_abandoned });
}

/** How far the announced waits were off on average, and how many there were. */
function forecastError(team: TeamRow): string {
  if (team.wait_mae_s === null) return "";
  return t("±%(s)s 秒，%(n)s 次", { s: Math.round(team.wait_mae_s), n: team.wait_told });
}

function seconds(value: number | null): string {
  return value === null ? "–" : duration(value);
}

function below(rate: number | null, floor: number, level: Level): Level {
  return rate !== null && rate < floor ? level : "";
}

/** The number, with a shape before it and a word for screen readers when it is over its limit. */
function setMarked(cell: HTMLElement, text: string, level: Level): void {
  const before = cell.dataset["level"] ?? "";
  if (level === "" && before === "") {
    setText(cell, text);
    return;
  }
  const shown = cell.querySelector(".text");
  if (level === before && shown !== null) {
    setText(shown, text);
    return;
  }
  cell.dataset["level"] = level;
  cell.classList.toggle("warn", level === "warn");
  cell.classList.toggle("danger", level === "danger");
  if (level === "") {
    fill(cell, text);
    return;
  }
  fill(
    cell,
    make(
      "span",
      { class: "mark" },
      make("span", { class: `shape shape-${level}`, attributes: { "aria-hidden": "true" } }),
      make("span", { class: "text" }, text),
      make("span", { class: "visually-hidden" }, level === "danger" ? t("（严重）") : t("（注意）")),
    ),
  );
}
