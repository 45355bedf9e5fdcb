// One trigger of a plan: the figure now, against what starts the plan and what ends it.

import { setText } from "../shared/dom";
import { duration, percent } from "../shared/time";

export class Gauge {
  private readonly start: number;
  private readonly end: number;
  private readonly most: number;
  private readonly falling: boolean;

  constructor(private readonly root: HTMLElement) {
    this.start = Number(root.dataset["start"]);
    this.end = Number(root.dataset["end"]);
    this.most = Number(root.dataset["most"]);
    this.falling = root.dataset["falling"] === "true";
    this.mark("start", this.start);
    this.mark("end", this.end);
  }

  render(value: number | null): void {
    const place = this.root.querySelector("[data-part=value]");
    if (place !== null) setText(place, this.text(value));
    this.root.dataset["level"] = value === null ? "none" : this.level(value);
    this.root.querySelector(".bar")?.setAttribute("width", String(this.share(value ?? 0)));
  }

  private level(value: number): string {
    const beyond = (limit: number): boolean => (this.falling ? value <= limit : value >= limit);
    if (beyond(this.start)) return "over";
    return value !== this.end && beyond(this.end) ? "holds" : "calm";
  }

  private text(value: number | null): string {
    if (value === null) return "–";
    switch (this.root.dataset["measure"]) {
      case "longest_wait_s":
        return duration(value);
      case "service_level":
        return percent(value);
      default:
        return String(value);
    }
  }

  private share(value: number): number {
    return this.most === 0 ? 0 : Math.min(Math.max((value / this.most) * 100, 0), 100);
  }

  private mark(name: string, value: number): void {
    const line = this.root.querySelector(`line.${name}`);
    const x = String(this.share(value));
    line?.setAttribute("x1", x);
    line?.setAttribute("x2", x);
  }
}
