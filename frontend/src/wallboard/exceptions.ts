// What needs a person now, worst first. A quiet centre says so, in the same place.

import { fill, make, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import type { ExceptionLine } from "../shared/protocol";
import { duration, percent, secondsSince } from "../shared/time";
import { personName, teamName } from "../shared/words";

export class Exceptions {
  private shown = "";
  private lines: readonly ExceptionLine[] = [];

  constructor(
    private readonly list: HTMLElement,
    private readonly openBooth: (booth: string) => void,
  ) {}

  render(lines: readonly ExceptionLine[]): void {
    this.lines = lines;
    const key = JSON.stringify(lines.map((line) => [line.kind, line.level, line.team, line.booth]));
    if (key !== this.shown) {
      this.shown = key;
      fill(this.list, ...(lines.length === 0 ? [quiet()] : lines.map((line) => this.line(line))));
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
