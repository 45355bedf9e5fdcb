// The peak-hour plans: the page says what each would do; what changes comes with the wallboard's
// snapshots. An order is confirmed with a reason.

import { need, setBadge, setText } from "../shared/dom";
import { HttpError, sendJson } from "../shared/http";
import { loadCatalogue, t } from "../shared/i18n";
import type { PlanLine, ReserveLine, Snapshot } from "../shared/protocol";
import { clockTime, duration, secondsSince, serverNow, setServerTime } from "../shared/time";
import { personName } from "../shared/words";
import { Gauge } from "../wallboard/plan_gauge";
import { followBoard } from "../wallboard/board_socket";

await loadCatalogue();

const STALE_S = 5;
type Order = "begin" | "end";

class PlanCard {
  private readonly gauges: readonly Gauge[];
  private readonly state: HTMLElement;
  private readonly since: HTMLElement;
  private readonly reserves: HTMLElement;
  private readonly orders: OrderForm | null;
  private line: PlanLine | null = null;

  constructor(private readonly card: HTMLElement) {
    this.gauges = [...card.querySelectorAll<HTMLElement>(".gauge")].map((root) => new Gauge(root));
    this.state = part(card, "state");
    this.since = part(card, "since");
    this.reserves = part(card, "reserves");
    this.orders = OrderForm.in(card);
  }

  render(line: PlanLine): void {
    const came = this.line !== null && (this.line.state === "running") !== (line.state === "running");
    this.line = line;
    this.card.dataset["state"] = line.state;
    switch (line.state) {
      case "running":
        setBadge(this.state, "warn", t("执行中"));
        break;
      case "starting":
        setBadge(this.state, "info", t("即将启动"));
        break;
      case "cooling":
        setBadge(this.state, "neutral", t("间歇"));
        break;
      case "resting":
        setBadge(this.state, "ok", t("待命"));
    }
    line.values.forEach((value, index) => this.gauges[index]?.render(value));
    this.drawReserves(line);
    this.orders?.show(line.state === "running", came);
    this.tick();
  }

  tick(): void {
    if (this.line !== null) setText(this.since, sentence(this.line));
  }

  private drawReserves(line: PlanLine): void {
    this.reserves.hidden = line.asked === 0;
    const [summary, names] = this.reserves.children;
    if (summary === undefined || names === undefined) return;
    setText(
      summary,
      t("已请 %(asked)s 人返回：到岗 %(came)s，暂不能来 %(declined)s", {
        asked: line.asked,
        came: line.came,
        declined: line.declined,
      }),
    );
    const told = line.reserves.map((one) => `${personName(one)} ${answerText(one.answer)}`);
    setText(names, told.join(t("、")));
  }
}

function answerText(answer: ReserveLine["answer"]): string {
  switch (answer) {
    case "came":
      return t("已返回");
    case "declined":
      return t("暂不能来");
    case "left":
      return t("已签退");
    case "asked":
      return t("未答复");
  }
}

function part(card: HTMLElement, name: string): HTMLElement {
  const found = card.querySelector<HTMLElement>(`[data-part=${name}]`);
  if (found === null) throw new Error(`a plan without its ${name}`);
  return found;
}

function sentence(line: PlanLine): string {
  if (line.state === "cooling" && line.until !== null) {
    return t("%(time)s 之前不再自动启动", { time: clockTime(line.until) });
  }
  if (line.state !== "running" || line.since === null) return "";
  const values = { time: clockTime(line.since), lasted: duration(secondsSince(line.since)), by: line.by };
  return line.cause === "supervisor"
    ? t("%(by)s 于 %(time)s 启动，已执行 %(lasted)s", values)
    : t("%(time)s 自动启动，已执行 %(lasted)s", values);
}

class OrderForm {
  private readonly reason: HTMLInputElement;
  private order: Order = "begin";

  private constructor(
    private readonly form: HTMLFormElement,
    private readonly buttons: ReadonlyMap<Order, HTMLButtonElement>,
    private readonly message: HTMLElement,
    private readonly plan: string,
  ) {
    this.reason = form.querySelector("input") as HTMLInputElement;
    for (const [order, button] of buttons) button.addEventListener("click", () => this.open(order));
    part(form, "cancel").addEventListener("click", () => this.close(true));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close(true);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  static in(card: HTMLElement): OrderForm | null {
    const form = card.querySelector<HTMLFormElement>(".plan-order");
    const message = card.querySelector<HTMLElement>("[data-part=message]");
    if (form === null || message === null) return null;
    const buttons = new Map<Order, HTMLButtonElement>();
    for (const button of card.querySelectorAll<HTMLButtonElement>("[data-order]")) {
      buttons.set(button.dataset["order"] as Order, button);
    }
    return new OrderForm(form, buttons, message, card.dataset["plan"] ?? "");
  }

  /** A plan that came or went meanwhile closes the question: it would be about something else. */
  show(running: boolean, changed: boolean): void {
    const begin = this.buttons.get("begin");
    const end = this.buttons.get("end");
    if (begin !== undefined) begin.hidden = running;
    if (end !== undefined) end.hidden = !running;
    if (changed) this.close(false);
  }

  private open(order: Order): void {
    this.order = order;
    this.form.hidden = false;
    this.buttons.get(order)?.setAttribute("aria-expanded", "true");
    const begins = order === "begin";
    setText(
      part(this.form, "ask"),
      begins
        ? t("立即启动此预案，并持续到值班长结束或到时为止？")
        : t("立即结束此预案，并恢复它改动的内容？"),
    );
    setText(part(this.form, "confirm"), begins ? t("确认启动") : t("确认结束"));
    setText(this.message, "");
    this.reason.focus();
  }

  private close(back: boolean): void {
    this.form.hidden = true;
    this.reason.value = "";
    for (const button of this.buttons.values()) button.setAttribute("aria-expanded", "false");
    if (back) this.buttons.get(this.order)?.focus();
  }

  private async send(): Promise<void> {
    const reason = this.reason.value.trim();
    if (reason === "") {
      setText(this.message, t("请填写原因"));
      this.reason.focus();
      return;
    }
    try {
      await sendJson("POST", `/api/plans/${encodeURIComponent(this.plan)}/${this.order}`, { reason });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      setText(this.message, error.message);
      return;
    }
    setText(this.message, this.order === "begin" ? t("已启动") : t("已结束"));
    this.close(false);
  }
}

const list = need("plans", HTMLOListElement);
const line = need("line-state", HTMLSpanElement);
const cards = new Map<string, PlanCard>();
for (const card of list.querySelectorAll<HTMLElement>("[data-plan]")) {
  cards.set(card.dataset["plan"] ?? "", new PlanCard(card));
}
let last: Snapshot | null = null;

followBoard("/plans", (snapshot) => {
  last = snapshot;
  setServerTime(snapshot.at);
  for (const plan of snapshot.plans) cards.get(plan.plan)?.render(plan);
  tick();
});

function tick(): void {
  if (last === null) return;
  const stale = (serverNow() - Date.parse(last.at)) / 1000 > STALE_S;
  list.dataset["stale"] = String(stale);
  if (stale) setBadge(line, "danger", t("连接中断，正在重连"));
  else if (!last.line_up) setBadge(line, "danger", t("电话系统中断，来电由后备队列接待"));
  else setBadge(line, "ok", t("实时"));
  for (const card of cards.values()) card.tick();
}

window.setInterval(tick, 1000);
