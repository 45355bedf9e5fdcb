// What needs a person now, worst first. A quiet centre says so, in the same place.

import { fill, make, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import type { DriftLine, ExceptionLine, PlanLine } from "../shared/protocol";
import { clockTime, duration, percent, secondsSince } from "../shared/time";
import { contradictionText, personName, teamName } from "../shared/words";

export class Exceptions {
  private shown = "";
  private lines: readonly ExceptionLine[] = [];

  constructor(
    private readonly list: HTMLElement,
    private readonly openBooth: (booth: string) => void,
  ) {}

  /** Figures that contradict each other stand first: whatever follows may be wrong. Then the plans
   * that run: they explain what follows. */
  render(drifts: readonly DriftLine[], plans: readonly PlanLine[], lines: readonly ExceptionLine[]): void {
    this.lines = lines;
    const running = plans.filter((plan) => plan.state === "running");
    const key = JSON.stringify([
      drifts,
      running.map((plan) => [plan.plan, plan.since]),
      lines.map((line) => [line.kind, line.level, line.team, line.booth]),
    ]);
    if (key !== this.shown) {
      this.shown = key;
      const items = [...drifts.map(drifted), ...running.map(planned), ...lines.map((line) => this.line(line))];
      fill(this.list, ...(items.length === 0 ? [quiet()] : items));
    }
    this.tick();
  }

  tick(): void {
    this.list.querySelectorAll("[data-value]").forEach((place, index) => {
      const line = this.lines[index];
      if (line === undefined) return;
      if (line.since !== null) setText(place, duration(secondsSince(line.since)));
      else if (line.value !== null) setText(place, percent(line.value));
    });
  }

  private line(line: ExceptionLine): HTMLElement {
    const booth = line.booth;
    return make(
      "li",
      { class: line.level },
      make("span", { class: `shape shape-${line.level}`, attributes: { "aria-hidden": "true" } }),
      make("span", { class: "grow" }, subject(line), " ", sentence(line.kind)),
      // A changing number must not be read out each second.
      make("span", { class: "number", attributes: { "data-value": "", "aria-live": "off" } }),
      booth === null
        ? null
        : make(
            "button",
            { attributes: { type: "button" }, click: () => this.openBooth(booth) },
            t("查看"),
          ),
    );
  }
}

function planned(plan: PlanLine): HTMLElement {
  const name = personName({ name: plan.zh, name_en: plan.en });
  const since = plan.since === null ? "" : t("%(time)s 起", { time: clockTime(plan.since).slice(0, 5) });
  return make(
    "li",
    { class: "warn" },
    make("span", { class: "shape shape-warn", attributes: { "aria-hidden": "true" } }),
    make("span", { class: "grow" }, t("预案执行中：%(name)s（%(team)s）", { name, team: planTeam(plan) })),
    make("span", { class: "number" }, since),
    make("a", { class: "button", attributes: { href: "/plans" } }, t("查看")),
  );
}

function planTeam(plan: PlanLine): string {
  return plan.team === "" ? t("全中心") : teamName(plan.team);
}

function drifted(drift: DriftLine): HTMLElement {
  return make(
    "li",
    { class: "danger" },
    make("span", { class: "shape shape-danger", attributes: { "aria-hidden": "true" } }),
    make("span", { class: "grow" }, t("统计自检："), " ", contradiction(drift)),
  );
}

function contradiction(drift: DriftLine): string {
  const { ours, other } = drift;
  const name = personName({ name: drift.name ?? "", name_en: drift.name_en ?? "" });
  switch (drift.check) {
    case "visits":
      return t("%(team)s队列进线 %(ours)s，去向合计 %(other)s", {
        team: teamName(drift.team ?? ""),
        ours,
        other,
      });
    case "agent_time":
      return t("%(name)s各状态合计与签入时长相差 %(ms)s 毫秒", { name, ms: Math.abs(ours - other) });
    case "agent_state":
      return t("%(name)s的计时状态与实际状态不符", { name });
    case "ghost_callers":
      return t("有 %(n)s 位来电人电话系统中已经没有", { n: ours });
    case "unknown_callers":
      return t("电话系统中有 %(n)s 位来电人未被本系统记录", { n: other });
    default:
      return drift.check;
  }
}

function subject(line: ExceptionLine): string {
  if (line.team !== null) return teamName(line.team);
  const name = personName({ name: line.name ?? "", name_en: line.name_en ?? "" });
  return t("%(booth)s 席 %(name)s", { booth: line.booth ?? "", name });
}

function sentence(kind: string): string {
  switch (kind) {
    case "waiting_long":
      return t("等待过久");
    case "connect_rate_low":
      return t("24小时接通率低于下限");
    case "service_rate_low":
      return t("15秒接听率偏低");
    case "phone_lost":
      return t("话机离线");
    case "no_channel":
    case "stray_channel":
    case "not_ringing":
    case "phone_unreachable":
      return contradictionText(kind);
    case "offered_long":
      return t("振铃过久");
    case "talking_long":
    case "consulting_long":
      return t("通话过长");
    case "wrap_up_long":
      return t("整理过久");
    case "not_ready_long":
      return t("置忙过久");
    default:
      return kind;
  }
}

function quiet(): HTMLElement {
  return make(
    "li",
    { class: "ok" },
    make("span", { class: "shape shape-ok", attributes: { "aria-hidden": "true" } }),
    t("没有异常"),
  );
}
