// Who is calling: number, chosen team and language, way through the menu, and the past.

import { badge, fill, make, need } from "../shared/dom";
import { t } from "../shared/i18n";
import type { Choice, ScreenPop } from "../shared/protocol";
import { duration, shortMoment } from "../shared/time";
import { callOutcome, languageName, named, queueCause, teamName } from "../shared/words";

export class CitizenPanel {
  private readonly root = need("citizen", HTMLDivElement);
  private shown = "";

  /** Draws only when something differs, so that a link under the pointer stays put. */
  render(pop: ScreenPop | null): void {
    const text = JSON.stringify(pop);
    if (text === this.shown) return;
    this.shown = text;
    if (pop === null) fill(this.root, ...nobody());
    else {
      const way = make("div", { class: "citizen-way" }, facts(pop), menuPath(pop));
      fill(this.root, head(pop), way, past(pop));
    }
  }
}

function nobody(): Node[] {
  return [
    make("h2", {}, t("没有来电")),
    make("p", { class: "hint" }, t("来电时，这里显示市民的号码、选择的班组、以往诉求和在办工单。")),
  ];
}

function head(pop: ScreenPop): HTMLElement {
  const number = pop.anonymous ? t("匿名来电") : pop.number === "" ? t("号码未知") : pop.number;
  return make(
    "div",
    { class: "citizen-head" },
    make("h2", { class: "citizen-number" }, number),
    pop.caller_name === "" || pop.caller_name === pop.number ? null : make("span", {}, pop.caller_name),
    pop.callback === null ? null : badge("warn", pop.callback === "dialled" ? t("回拨接通") : t("再次来电")),
    badge("info", languageName(pop.language)),
    pop.team === null ? null : badge("neutral", teamName(pop.team)),
  );
}

function facts(pop: ScreenPop): HTMLElement {
  const list = make("dl", { class: "citizen-facts" });
  const add = (term: string, value: string): void => {
    list.append(make("div", {}, make("dt", {}, term), make("dd", {}, value)));
  };
  add(t("已等待"), pop.waited_s === null ? "–" : duration(pop.waited_s));
  add(t("拨打"), pop.line === null ? pop.dnis || "12345" : `${pop.dnis} ${named(pop.line)}`);
  const [first, ...moves] = pop.places;
  if (first !== undefined) add(t("排队时"), t("第 %(n)s 位", { n: first.position }));
  for (const place of moves) {
    add(queueCause(place.cause), `${teamName(place.team)} ${t("第 %(n)s 位", { n: place.position })}`);
  }
  return list;
}

function menuPath(pop: ScreenPop): HTMLElement {
  const path = make("ol", { class: "menu-path", attributes: { "aria-label": t("语音导航经过") } });
  for (const step of pop.steps) {
    const key = step.keys === null || step.keys === "" ? null : make("kbd", {}, step.keys);
    path.append(make("li", {}, t(step.title), key === null ? null : " ", key));
  }
  if (pop.steps.length === 0) path.append(make("li", {}, t("没有经过语音导航")));
  return path;
}

function past(pop: ScreenPop): HTMLElement {
  return make(
    "div",
    { class: "past" },
    pastPart(
      t("在办工单（%(n)s）", { n: counted(pop, pop.open_orders.length) }),
      pop,
      openOrders(pop),
      t("没有在办工单"),
    ),
    pastPart(
      t("以往诉求与来电（%(n)s）", { n: counted(pop, pop.cases.length + pop.contacts.length) }),
      pop,
      [...pastCases(pop), ...pastContacts(pop)],
      t("第一次来电"),
    ),
  );
}

/** A number is only said when it is known. */
function counted(pop: ScreenPop, number: number): string {
  return pop.history === "ready" ? String(number) : "–";
}

function pastPart(title: string, pop: ScreenPop, lines: Node[], none: string): HTMLElement {
  const body =
    pop.history === "loading"
      ? make("p", { class: "hint" }, t("正在读取"))
      : pop.history === "failed"
        ? make("p", { class: "hint" }, t("暂时读不到以往记录，请直接询问市民"))
        : lines.length === 0
          ? make("p", { class: "hint" }, pop.anonymous ? t("匿名来电，无法查找") : none)
          : make("ul", {}, ...lines);
  return make(
    "div",
    { attributes: { tabindex: "0", role: "group", "aria-label": title } },
    make("h3", {}, title),
    body,
  );
}

/** What it is about, in two or three words; the citizen's own words on resting the pointer. */
function caseLink(number: string, past: { title: string; matter: Choice | null }): HTMLElement {
  return make(
    "a",
    {
      attributes: {
        href: `/cases/${encodeURIComponent(number)}`,
        target: "_blank",
        rel: "noopener",
        title: `${number} ${past.title}`,
      },
    },
    past.matter === null ? past.title || number : named(past.matter),
  );
}

function openOrders(pop: ScreenPop): Node[] {
  return pop.open_orders.map((order) =>
    make(
      "li",
      {},
      caseLink(order.case_number, order),
      make("span", { class: "hint" }, named({ zh: order.authority, en: order.authority_en })),
      order.overdue ? badge("danger", t("已超期")) : badge("info", t(order.status)),
    ),
  );
}

function pastCases(pop: ScreenPop): Node[] {
  return pop.cases.map((past) =>
    make(
      "li",
      {},
      make("time", { class: "hint", attributes: { datetime: past.at } }, shortMoment(past.at)),
      caseLink(past.number, past),
      make("span", { class: "hint" }, t(past.status)),
    ),
  );
}

function pastContacts(pop: ScreenPop): Node[] {
  return pop.contacts.map((contact) =>
    make(
      "li",
      {},
      make("time", { class: "hint", attributes: { datetime: contact.at } }, shortMoment(contact.at)),
      make(
        "span",
        { class: "grow" },
        t("来电"),
        contact.agent_name === null ? "" : ` · ${contact.agent_name}`,
      ),
      make("span", { class: "hint" }, callOutcome(contact.outcome)),
    ),
  );
}
