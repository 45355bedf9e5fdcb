// The case in hand: opens its draft when a call is answered, keeps it, files it.

import { fill, make } from "../shared/dom";
import { HttpError } from "../shared/http";
import { t } from "../shared/i18n";
import { clockTime } from "../shared/time";
import {
  authoritiesFor,
  fileDraft,
  guessCategories,
  linkCall,
  openDraft,
  openDrafts,
  readDraft,
  type Draft,
  type Filed,
  type FormBook,
} from "./api";
import { CaseForm, type Values } from "./case_form";
import { DraftKeeper, type SaveState } from "./drafts";

const GUESS_MS = 350;
const OPEN_ATTEMPTS = 12;
const OPEN_RETRY_MS = 400;
const OPEN_KEY = "hotline.open-draft";

export interface CaseEvents {
  described(text: string): void;
  filed(outcome: string): void;
}

export class CaseDesk {
  private readonly form: CaseForm;
  private readonly keeper: DraftKeeper;
  private readonly notice = make("div", { class: "case-notice", attributes: { role: "status" } });
  private readonly versions = make("div", { class: "case-versions" });
  private readonly bar = make("div", { class: "case-submit" });
  private readonly saving = make("span", { class: "hint", attributes: { role: "status" } });
  private readonly lacking = make("span", { class: "hint" });
  private readonly submit = make("button", {
    class: "primary",
    attributes: { type: "submit", "aria-keyshortcuts": "Control+Enter" },
  });
  private readonly others = make("div", { class: "row" });
  private callId: string | null = null;
  private team: string | null = null;
  private busy = false;
  private guessTimer = 0;

  constructor(
    root: HTMLFormElement,
    book: FormBook,
    private readonly events: CaseEvents,
  ) {
    this.form = new CaseForm(root, book, {
      changed: () => this.changed(),
      submit: () => void this.file(),
      described: (text) => this.described(text),
      placed: (category, district) => this.placed(category, district),
    });
    this.keeper = new DraftKeeper({
      state: (state) => this.saveState(state),
      conflict: (stored, mine) => this.conflict(stored, mine),
    });
    fill(this.submit, t("提交诉求"), " ", make("kbd", {}, "Ctrl Enter"));
    // All that is said about the form stands in its bar, so that the form itself never moves.
    fill(
      this.bar,
      make("div", { class: "case-said" }, this.notice, this.saving, this.lacking),
      this.others,
      this.submit,
    );
    root.prepend(this.versions);
    root.append(this.bar);
    fill(this.notice, make("p", { class: "hint" }, t("接听后自动开始登记。")));
    this.refreshButton();
  }

  /** The call in hand; null between calls. A call that is only offered opens nothing yet. */
  async forCall(callId: string | null, team: string | null, answered: boolean): Promise<void> {
    this.team = team ?? this.team;
    if (!answered || callId === null || callId === this.callId) return;
    this.callId = callId;
    await this.openFor(callId);
  }

  /** After a reload between calls: the draft that was open, if it is not filed. */
  async restore(): Promise<void> {
    const id = sessionStorage.getItem(OPEN_KEY);
    if (id === null || this.keeper.current !== null) return;
    try {
      const draft = await readDraft(id);
      if (draft.case_number === null && this.keeper.current === null) this.begin(draft);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    }
  }

  focus(): void {
    if (this.form.enabled) this.form.focusDescription();
  }

  useArticle(id: string, title: string, answer: string): void {
    if (!this.form.enabled) return;
    this.form.useArticle(id, title, answer);
  }

  async file(): Promise<void> {
    const draft = this.keeper.current;
    if (draft === null || this.busy) return;
    this.form.clearErrors();
    const missing = this.form.missing();
    const first = missing[0];
    if (first !== undefined) {
      this.form.fail(first, t("请填写%(field)s", { field: this.form.label(first) }));
      return;
    }
    this.busy = true;
    this.refreshButton();
    try {
      const values = this.form.values();
      await this.keeper.flush();
      const filed = await fileDraft(this.keeper.current ?? draft, values);
      if (draft.call_id === null && this.callId !== null) await linkCall(filed.number, this.callId);
      this.keeper.filed();
      sessionStorage.removeItem(OPEN_KEY);
      this.form.enable(false);
      this.receipt(filed);
      this.events.filed(values["outcome"] ?? "answered");
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (error.field !== null) this.form.fail(error.field, error.message);
      else this.say("warn", error.message === "" ? t("内容还没有保存到服务器，请稍候再提交") : error.message);
    } finally {
      this.busy = false;
      this.refreshButton();
      void this.listOthers();
    }
  }

  // --- drafts -----------------------------------------------------------------------------

  private async openFor(callId: string | null): Promise<void> {
    // Whoever has gone elsewhere meanwhile, to search, is typing there: the focus stays.
    const before = document.activeElement;
    await this.keeper.leave();
    try {
      const draft = await this.draftOf(callId);
      if (callId !== this.callId && callId !== null) return;
      this.begin(draft, document.activeElement === before);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.form.enable(false);
      this.say("danger", t("打不开登记表：%(reason)s", { reason: error.message }));
      this.notice.append(this.action(t("重试"), () => void this.openFor(callId)));
    }
    void this.listOthers();
  }

  /** The draft of the call, or another one when that was filed: a call may bring two matters. */
  private async draftOf(callId: string | null): Promise<Draft> {
    for (let left = OPEN_ATTEMPTS; ; left -= 1) {
      try {
        const draft = await openDraft(callId, this.team);
        return draft.case_number === null ? draft : await openDraft(null, this.team);
      } catch (error) {
        // The answer is on its way to the call's record; the form may be a moment too early.
        if (!(error instanceof HttpError) || error.status !== 404 || left <= 1) throw error;
        await new Promise((resolve) => window.setTimeout(resolve, OPEN_RETRY_MS));
      }
    }
  }

  private begin(draft: Draft, focus = true): void {
    fill(this.notice);
    const values = this.keeper.begin(draft);
    this.form.show(values);
    this.form.enable(true);
    sessionStorage.setItem(OPEN_KEY, draft.draft_id);
    this.saving.textContent = "";
    this.refreshButton();
    if (focus) this.form.focusDescription();
    this.described(this.form.description());
  }

  private changed(): void {
    if (!this.form.enabled) return;
    this.keeper.keep(this.form.values());
    this.refreshButton();
  }

  private saveState(state: SaveState): void {
    if (state.kind === "saving") return;
    this.saving.textContent =
      state.kind === "saved"
        ? t("已保存 %(time)s", { time: clockTime(state.at) })
        : t("已存在本机，恢复连接后自动上传");
  }

  private conflict(stored: Draft, mine: Values): void {
    this.form.enable(false);
    const choose = (values: Values): void => {
      fill(this.versions);
      this.form.show(values);
      this.form.enable(true);
      this.keeper.settle(stored, values);
      this.form.focusDescription();
    };
    fill(
      this.versions,
      make(
        "section",
        { class: "conflict", attributes: { role: "alert" } },
        make("h3", {}, t("这份登记在别处也改过，请选用其中一份")),
        make(
          "div",
          { class: "versions" },
          this.version(t("本窗口的内容"), mine, () => choose(mine)),
          this.version(t("服务器上的内容"), stored.fields, () => choose(stored.fields)),
        ),
      ),
    );
    this.versions.querySelector("button")?.focus();
  }

  private version(title: string, values: Values, choose: () => void): HTMLElement {
    const text = Object.entries(values)
      .map(([name, value]) => `${this.form.label(name)}：${value}`)
      .join("\n");
    return make(
      "div",
      { class: "stack" },
      make("h4", {}, title),
      make("pre", { attributes: { tabindex: "0" } }, text),
      this.action(t("用这一份"), choose),
    );
  }

  private async listOthers(): Promise<void> {
    let drafts: readonly Draft[];
    try {
      drafts = await openDrafts();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return;
    }
    const rest = drafts.filter((draft) => draft.draft_id !== this.keeper.current?.draft_id);
    if (rest.length === 0) {
      fill(this.others);
      return;
    }
    const select = make(
      "select",
      { id: "other-drafts" },
      make("option", { attributes: { value: "" } }, t("还有 %(n)s 份未提交", { n: rest.length })),
      ...rest.map((draft) =>
        make("option", { attributes: { value: draft.draft_id } }, summary(draft)),
      ),
    );
    select.addEventListener("change", () => void this.switchTo(select.value));
    fill(
      this.others,
      make("label", { class: "visually-hidden", attributes: { for: "other-drafts" } }, t("未提交的登记")),
      select,
    );
  }

  private async switchTo(id: string): Promise<void> {
    if (id === "") return;
    await this.keeper.leave();
    this.begin(await readDraft(id));
    await this.listOthers();
  }

  // --- suggestions ------------------------------------------------------------------------

  private described(text: string): void {
    this.events.described(text);
    window.clearTimeout(this.guessTimer);
    if (text.trim().length < 2) return;
    this.guessTimer = window.setTimeout(() => void this.guess(text), GUESS_MS);
  }

  private async guess(text: string): Promise<void> {
    try {
      const guesses = await guessCategories(text, this.team);
      const first = guesses[0];
      if (first !== undefined) this.form.guessCategory(first.id);
      this.form.suggestCategories(guesses);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    }
  }

  private placed(category: string, district: string): void {
    if (category === "" || this.form.outcome() !== "dispatched") return;
    void authoritiesFor(category, district).then(
      (found) => this.form.knowAuthorities(found),
      () => undefined,
    );
  }

  // --- what is said -----------------------------------------------------------------------

  private refreshButton(): void {
    this.submit.disabled = this.busy || !this.form.enabled;
    const missing = this.form.enabled ? this.form.missing() : [];
    const names = missing.map((name) => this.form.label(name)).join(t("、"));
    this.lacking.textContent = names === "" ? "" : t("还缺：%(names)s", { names });
  }

  private say(kind: "ok" | "warn" | "danger", text: string): void {
    fill(
      this.notice,
      make(
        "p",
        { class: `said said-${kind}` },
        make("span", { class: `shape shape-${kind}`, attributes: { "aria-hidden": "true" } }),
        text,
      ),
    );
  }

  private receipt(filed: Filed): void {
    this.say(
      "ok",
      t("已提交，编号 %(number)s，%(state)s", { number: filed.number, state: filed.state_name }),
    );
    this.saving.textContent = "";
    this.notice.append(
      make("a", { attributes: { href: filed.url, target: "_blank", rel: "noopener" } }, t("查看")),
      this.action(t("再登记一件"), () => void this.openFor(this.callId)),
    );
  }

  private action(text: string, click: () => void): HTMLButtonElement {
    return make("button", { class: "plain", attributes: { type: "button" }, click }, text);
  }
}

function summary(draft: Draft): string {
  const words = (draft.fields["description"] ?? "").slice(0, 20);
  return words === "" ? t("（未填写内容）") : words;
}
