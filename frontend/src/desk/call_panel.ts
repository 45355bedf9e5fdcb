// The left column: state, timer, the one primary action and the controls, always in their places.

import { need, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import { duration, secondsSince, secondsUntil } from "../shared/time";
import { callView, type CallView, type PrimaryAction } from "./call_view";
import type { DeskModel } from "./model";

export interface CallActions {
  primary(action: PrimaryAction): void;
  toggleReady(wantsReady: boolean): void;
  refuse(): void;
  hold(): void;
  mute(): void;
  openTransfer(): void;
  openDigits(): void;
}

export class CallPanel {
  private readonly state = need("state", HTMLDivElement);
  private readonly shape = need("state-shape", HTMLSpanElement);
  private readonly word = need("state-word", HTMLSpanElement);
  private readonly timer = need("state-timer", HTMLParagraphElement);
  private readonly detail = need("state-detail", HTMLParagraphElement);
  private readonly primary = need("primary", HTMLButtonElement);
  private readonly primaryLabel = need("primary-label", HTMLSpanElement);
  private readonly ready = need("toggle-ready", HTMLButtonElement);
  private readonly readyLabel = need("toggle-ready-label", HTMLSpanElement);
  private readonly refuse = need("refuse", HTMLButtonElement);
  private readonly hold = need("hold", HTMLButtonElement);
  private readonly mute = need("mute", HTMLButtonElement);
  private readonly transfer = need("open-transfer", HTMLButtonElement);
  private readonly digits = need("open-digits", HTMLButtonElement);
  private readonly message = need("call-message", HTMLParagraphElement);
  private messageTimer = 0;
  view: CallView;

  constructor(
    private readonly model: DeskModel,
    actions: CallActions,
  ) {
    this.view = callView(model);
    this.primary.addEventListener("click", () => {
      const action = this.view.primary.action;
      if (action !== null) actions.primary(action);
    });
    this.ready.addEventListener("click", () => actions.toggleReady(this.view.wantsReady));
    this.refuse.addEventListener("click", () => actions.refuse());
    this.hold.addEventListener("click", () => actions.hold());
    this.mute.addEventListener("click", () => actions.mute());
    this.transfer.addEventListener("click", () => actions.openTransfer());
    this.digits.addEventListener("click", () => actions.openDigits());
  }

  render(): void {
    const view = callView(this.model);
    this.view = view;
    this.state.dataset["kind"] = view.kind;
    this.state.dataset["ringing"] = String(view.context === "offer");
    this.shape.className = `shape shape-${view.kind}`;
    setText(this.word, view.word);
    setText(this.detail, view.detail);
    setText(this.primaryLabel, view.primary.label);
    this.primary.disabled = view.primary.action === null;
    this.ready.disabled = !view.canToggleReady;
    setText(this.readyLabel, this.readyText(view));
    this.refuse.disabled = !view.canRefuse;
    this.hold.disabled = !view.canSwitch;
    this.mute.disabled = !view.canSwitch;
    this.hold.setAttribute("aria-pressed", String(view.canSwitch && this.model.onHold));
    this.mute.setAttribute("aria-pressed", String(view.canSwitch && this.model.muted));
    this.transfer.disabled = !view.canTransfer;
    this.digits.disabled = !view.canSendDigits;
    this.tick();
  }

  /** Once a second: the timer only. */
  tick(): void {
    const { since, until } = this.view;
    if (until !== null) setText(this.timer, duration(secondsUntil(until)));
    else setText(this.timer, since === null ? "0:00" : duration(secondsSince(since)));
  }

  /** A sentence under the primary action; it makes no room and covers nothing. */
  say(text: string, kind: "info" | "warn" | "danger" = "info"): void {
    this.message.dataset["kind"] = kind;
    setText(this.message, text);
    window.clearTimeout(this.messageTimer);
    if (kind === "info") {
      this.messageTimer = window.setTimeout(() => setText(this.message, ""), 8000);
    }
  }

  private readyText(view: CallView): string {
    const during = this.model.state !== null && this.model.state.activity !== "idle";
    if (during) return view.wantsReady ? t("话后就绪") : t("话后置忙");
    return view.wantsReady ? t("就绪") : t("置忙");
  }
}
