// The lower part of the call column: what belongs to the present state, in one fixed place.

import { badge, fill, make, need } from "../shared/dom";
import { radioRow } from "../shared/form";
import { getJson } from "../shared/http";
import { t } from "../shared/i18n";
import { boothState, named, personName, teamName } from "../shared/words";
import type { CallView, ContextKind, NextStatus } from "./call_view";
import type { DeskModel } from "./model";

interface TeamTarget {
  readonly team: string;
  readonly waiting: number;
  readonly ready: number;
}
interface OperatorTarget {
  readonly agent: string;
  readonly name: string;
  readonly name_en: string;
  readonly booth: string;
  readonly state: string;
}
interface Targets {
  readonly teams: readonly TeamTarget[];
  readonly operators: readonly OperatorTarget[];
}

export interface ContextActions {
  transferTeam(team: string): void;
  transferAgent(agent: string): void;
  consult(agent: string): void;
  cancelConsult(): void;
  digit(key: string): void;
  extendWrapUp(): void;
  nextChosen(next: NextStatus): void;
  logOut(): void;
  reasonChosen(): void;
}

export type Overlay = "transfer" | "digits" | null;

const BOOTH_KEY = "hotline.booth";
const PHONE_KEY = "hotline.phone";
const REASON_KEY = "hotline.reason";
const SEARCH_MS = 150;

const DISPOSITION_OF_OUTCOME: Readonly<Record<string, string>> = {
  answered: "answered",
  dispatched: "order_filed",
  submitted: "order_filed",
  transferred_out: "transferred_out",
  withdrawn: "withdrawn",
};

export class ContextPanel {
  private readonly root = need("context", HTMLDivElement);
  private shown = "";
  private overlay: Overlay = null;
  private search = 0;
  private nextRow: HTMLFieldSetElement | null = null;
  private extend: HTMLButtonElement | null = null;

  constructor(
    private readonly model: DeskModel,
    private readonly actions: ContextActions,
  ) {}

  render(view: CallView): void {
    if (view.context !== "talk") this.overlay = null;
    const wanted = this.overlay ?? view.context;
    if (wanted !== this.shown) {
      this.shown = wanted;
      this.nextRow = this.extend = null;
      fill(this.root, ...this.content(view.context));
    }
    this.refresh(view);
  }

  /** What changes while the part stands: filled in again, never made anew under the hand. */
  private refresh(view: CallView): void {
    if (this.nextRow !== null) {
      this.nextRow.hidden = view.next === null;
      for (const input of this.nextRow.querySelectorAll("input")) input.checked = input.value === view.next;
    }
    if (this.extend !== null) {
      this.extend.hidden = view.canExtend === null;
      this.extend.disabled = view.canExtend !== true;
    }
  }

  /** Open or close the transfer list or the digits; the focus goes into what was opened. */
  toggle(overlay: Exclude<Overlay, null>, view: CallView): void {
    this.overlay = this.overlay === overlay ? null : overlay;
    this.render(view);
    const focus = this.root.querySelector<HTMLElement>("input, button");
    if (this.overlay !== null) focus?.focus();
  }

  get open(): Overlay {
    return this.overlay;
  }

  // --- what the forms say -----------------------------------------------------------------

  booth(): string {
    const value = this.root.querySelector<HTMLInputElement>("#booth")?.value.trim() ?? "";
    return /^\d{1,3}$/.test(value) ? value.padStart(3, "0") : "";
  }

  phone(): "browser" | "desk" {
    return this.chosen("phone") === "desk" ? "desk" : "browser";
  }

  rememberLogin(): void {
    localStorage.setItem(BOOTH_KEY, this.booth());
    localStorage.setItem(PHONE_KEY, this.phone());
  }

  reason(): string {
    const code = this.chosen("reason") ?? localStorage.getItem(REASON_KEY) ?? "break";
    localStorage.setItem(REASON_KEY, code);
    return code;
  }

  disposition(): string | null {
    return this.chosen("disposition");
  }

  nextStatus(): NextStatus {
    const next = this.chosen("next");
    return next === "not_ready" || next === "logged_out" ? next : "ready";
  }

  /** Put the focus on the first choice that is missing. */
  focusFirst(name: string): void {
    this.root.querySelector<HTMLElement>(`[name="${name}"]`)?.focus();
  }

  private chosen(name: string): string | null {
    return this.root.querySelector<HTMLInputElement>(`[name="${name}"]:checked`)?.value ?? null;
  }

  // --- the parts --------------------------------------------------------------------------

  private content(kind: ContextKind): (Node | string)[] {
    if (this.overlay === "transfer") return this.transferPart();
    if (this.overlay === "digits") return this.digitsPart();
    switch (kind) {
      case "log_in":
        return this.logInPart();
      case "reasons":
        return this.reasonsPart();
      case "wrap_up":
        return this.wrapUpPart();
      case "consult":
        return [
          this.nextPart(t("通话后")),
          make("p", { class: "hint" }, t("市民正在听等待音乐。")),
          make(
            "button",
            { attributes: { type: "button" }, click: () => this.actions.cancelConsult() },
            t("取消咨询，回到市民"),
          ),
        ];
      case "offer":
        return [make("p", { class: "hint" }, t("接听前请先看右侧的市民信息。"))];
      case "talk":
        return [this.nextPart(t("通话后"))];
      case "nothing":
        return [];
    }
  }

  private logInPart(): Node[] {
    const booths = make("datalist", { id: "free-booths" });
    void getJson<{ booths: readonly string[] }>("/api/desk/booths").then(
      (free) => fill(booths, ...free.booths.map((b) => make("option", { attributes: { value: b } }))),
      () => undefined,
    );
    const booth = make("input", {
      id: "booth",
      attributes: {
        name: "booth",
        list: "free-booths",
        inputmode: "numeric",
        maxlength: "3",
        autocomplete: "off",
        value: localStorage.getItem(BOOTH_KEY) ?? "",
        "aria-describedby": "booth-hint",
      },
    });
    const phone = localStorage.getItem(PHONE_KEY) ?? "browser";
    return [
      make(
        "div",
        { class: "field" },
        make("label", { attributes: { for: "booth" } }, t("座席号")),
        booth,
        booths,
        make("p", { class: "hint", id: "booth-hint" }, t("三位数字，例如 018")),
      ),
      radios("phone", t("话机"), phone, [
        ["browser", t("浏览器话机（耳麦）")],
        ["desk", t("台面话机")],
      ]),
    ];
  }

  private reasonsPart(): Node[] {
    const reasons = this.model.welcome?.reasons ?? [];
    const last = localStorage.getItem(REASON_KEY) ?? "break";
    const list = radios(
      "reason",
      t("置忙原因"),
      last,
      reasons.map((r) => [r.code, named(r)] as const),
      "choice-list two",
    );
    list.addEventListener("change", () => {
      this.reason();
      this.actions.reasonChosen();
    });
    return [
      list,
      make(
        "button",
        { class: "plain", attributes: { type: "button" }, click: () => this.actions.logOut() },
        t("签退"),
      ),
    ];
  }

  private wrapUpPart(): Node[] {
    const dispositions = this.model.welcome?.dispositions ?? [];
    const unfiled = this.model.passedOn ? "passed_on" : "";
    const guess = DISPOSITION_OF_OUTCOME[this.model.filedOutcome ?? ""] ?? unfiled;
    this.extend = button(t("延长整理时间"), () => this.actions.extendWrapUp());
    return [
      this.nextPart(t("完成后")),
      radios(
        "disposition",
        t("通话结果"),
        guess,
        dispositions.map((d) => [d.code, named(d)] as const),
        "choice-list dense",
      ),
      this.extend,
    ];
  }

  /** What follows the call, in one line; said to the platform as soon as it is chosen. */
  private nextPart(legend: string): HTMLFieldSetElement {
    const row = radioRow("next", legend, [
      ["ready", t("就绪")],
      ["not_ready", t("置忙")],
      ["logged_out", t("签退")],
    ]);
    row.addEventListener("change", () => this.actions.nextChosen(this.nextStatus()));
    this.nextRow = row;
    return row;
  }

  private digitsPart(): Node[] {
    const pad = make("div", { class: "digits", attributes: { role: "group", "aria-label": t("拨号键") } });
    for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"]) {
      pad.append(
        make("button", { attributes: { type: "button" }, click: () => this.actions.digit(key) }, key),
      );
    }
    return [pad];
  }

  private transferPart(): Node[] {
    const list = make("ul", { class: "targets" });
    const query = make("input", {
      id: "target-query",
      attributes: { type: "search", autocomplete: "off" },
    });
    const look = (): void => {
      void getJson<Targets>(`/api/desk/targets?q=${encodeURIComponent(query.value)}`).then(
        (found) => fill(list, ...this.targetLines(found, query.value.trim())),
        (error: Error) => fill(list, make("li", {}, error.message)),
      );
    };
    query.addEventListener("input", () => {
      window.clearTimeout(this.search);
      this.search = window.setTimeout(look, SEARCH_MS);
    });
    look();
    return [
      make(
        "div",
        { class: "field" },
        make("label", { attributes: { for: "target-query" } }, t("找班组或话务员（姓名、工号、座席号）")),
        query,
      ),
      list,
    ];
  }

  private targetLines(found: Targets, query: string): Node[] {
    const teams = found.teams.filter((team) => teamName(team.team).includes(query));
    const lines = [
      ...teams.map((team) =>
        line(
          teamName(team.team),
          t("就绪 %(ready)s 人，排队 %(waiting)s 人", { ready: team.ready, waiting: team.waiting }),
          null,
          [button(t("直接转"), () => this.actions.transferTeam(team.team))],
        ),
      ),
      ...found.operators.map((person) =>
        line(
          `${personName(person)} ${person.booth}`,
          null,
          badge(person.state === "ready" ? "ok" : "neutral", boothState(person.state)),
          [
            button(t("先咨询"), () => this.actions.consult(person.agent), person.state !== "ready"),
            button(t("直接转"), () => this.actions.transferAgent(person.agent)),
          ],
        ),
      ),
    ];
    return lines.length > 0 ? lines : [make("li", { class: "hint" }, t("没有找到在线的班组或话务员"))];
  }
}

function radios(
  name: string,
  legend: string,
  selected: string,
  choices: readonly (readonly [string, string])[],
  className = "choice-list",
): HTMLFieldSetElement {
  const set = make("fieldset", { class: className }, make("legend", {}, legend));
  for (const [value, text] of choices) {
    const input = make("input", { attributes: { type: "radio", name, value } });
    input.checked = value === selected;
    set.append(make("label", {}, input, text));
  }
  return set;
}

function button(text: string, click: () => void, disabled = false): HTMLButtonElement {
  const made = make("button", { attributes: { type: "button" }, click }, text);
  made.disabled = disabled;
  return made;
}

function line(
  name: string,
  hint: string | null,
  state: Node | null,
  actions: readonly Node[],
): HTMLLIElement {
  return make(
    "li",
    {},
    make("span", { class: "who" }, name, hint === null ? state : make("span", { class: "hint" }, hint)),
    make("span", { class: "actions" }, ...actions),
  );
}
