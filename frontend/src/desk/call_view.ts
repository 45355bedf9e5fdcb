// What the call column shows and allows in each state: a pure function of the model.

import type { BadgeKind } from "../shared/dom";
import { t } from "../shared/i18n";
import type { AgentState } from "../shared/protocol";
import type { DeskModel } from "./model";
import { personName, reasonText, teamName } from "../shared/words";

export type PrimaryAction =
  | "log_in"
  | "ready"
  | "answer"
  | "hang_up"
  | "complete_consult"
  | "finish"
  | "return_caller";

export type ContextKind = "nothing" | "log_in" | "reasons" | "offer" | "talk" | "consult" | "wrap_up";

export interface CallView {
  readonly kind: BadgeKind;
  readonly word: string;
  /** The timer counts up from `since`, or down to `until`. */
  readonly since: string | null;
  readonly until: string | null;
  readonly detail: string;
  readonly primary: { readonly label: string; readonly action: PrimaryAction | null };
  readonly canToggleReady: boolean;
  readonly wantsReady: boolean;
  readonly canRefuse: boolean;
  readonly canSwitch: boolean;
  readonly canTransfer: boolean;
  readonly canSendDigits: boolean;
  /** What follows the call or the write-up; null where that is not to be chosen. */
  readonly next: NextStatus | null;
  /** Whether the time for the write-up may be made longer; null where there is no such time. */
  readonly canExtend: boolean | null;
  readonly context: ContextKind;
}

export type NextStatus = "ready" | "not_ready" | "logged_out";

/** Without sound for this long in a conversation, the browser's phone has lost the call. */
const SOUND_LOST_MS = 4000;

const nothing = {
  since: null,
  until: null,
  detail: "",
  canToggleReady: false,
  wantsReady: true,
  canRefuse: false,
  canSwitch: false,
  canTransfer: false,
  canSendDigits: false,
  next: null,
  canExtend: null,
} as const;

export function callView(model: DeskModel): CallView {
  const state = model.state;
  if (state === null) {
    return {
      ...nothing,
      kind: "neutral",
      word: t("正在连接"),
      primary: { label: t("请稍候"), action: null },
      context: "nothing",
    };
  }
  if (state.status === "logged_out") {
    return {
      ...nothing,
      kind: "neutral",
      word: t("未签入"),
      primary: { label: t("签入座席"), action: "log_in" },
      context: "log_in",
    };
  }
  const view = { ...loggedIn(model, state), ...nextStatus(state) };
  const said = afterwards(state) ?? view.detail;
  return { ...view, detail: said === "" ? place(state) : said };
}

function loggedIn(model: DeskModel, state: AgentState): CallView {
  switch (state.activity) {
    case "idle":
      return idle(state);
    case "dialling":
      return dialling(state);
    case "offered":
      return offered(model, state);
    case "talking":
      return talking(model, state);
    case "consulting":
      return consulting(state);
    case "consulted":
      return consulted(model, state);
    case "wrap_up":
      return wrapUp(state);
  }
}

/** The time that is left, or the time so far where no limit presses. */
function wrapUp(state: AgentState): CallView {
  return {
    ...nothing,
    kind: "warn",
    word: t("话后整理"),
    until: state.deadline,
    since: state.activity_since,
    detail: wrapUpRule(state),
    primary: wrapUpAction(state),
    canExtend: state.deadline === null ? null : !state.wrap_up_extended,
    context: "wrap_up",
  };
}

/** How this team's write-ups end. */
function wrapUpRule(state: AgentState): string {
  switch (state.wrap_up_mode) {
    case "fixed":
      return state.disposition === null ? t("时间到后自动结束") : t("结果已记录，时间到后自动结束");
    case "mandatory":
      return t("填写通话结果后结束");
    case "optional":
      return t("可不填通话结果直接完成");
    default:
      return state.wrap_up_extended ? t("时限已延长一次") : "";
  }
}

/** In one of fixed time the result is noted, once; the time then ends it by itself. */
function wrapUpAction(state: AgentState): CallView["primary"] {
  if (state.wrap_up_mode !== "fixed") return { label: t("完成"), action: "finish" };
  return state.disposition === null
    ? { label: t("记录结果"), action: "finish" }
    : { label: t("已记录"), action: null };
}

function idle(state: AgentState): CallView {
  if (state.status === "ready") {
    return {
      ...nothing,
      kind: "ok",
      word: t("就绪"),
      since: state.status_since,
      primary: { label: t("等待来电"), action: null },
      context: "reasons",
    };
  }
  return {
    ...nothing,
    kind: "neutral",
    word: reasonText(state.reason),
    since: state.status_since,
    primary: { label: t("就绪"), action: "ready" },
    context: "reasons",
  };
}

/** Held for a citizen whose telephone rings: the call follows when he or she answers. */
function dialling(state: AgentState): CallView {
  return {
    ...nothing,
    kind: "info",
    word: t("回拨中"),
    until: state.deadline,
    since: state.activity_since,
    detail: t("正在呼叫市民，接通后转到您的话机"),
    primary: { label: t("等待市民接听"), action: null },
    context: "reasons",
  };
}

function offered(model: DeskModel, state: AgentState): CallView {
  const browser = state.phone === "browser";
  const rings = browser && model.phase === "ringing";
  const label = browser ? (rings ? t("接听") : t("正在振铃")) : t("请拿起话机");
  return {
    ...nothing,
    kind: "info",
    word: t("来电"),
    until: state.deadline,
    since: state.activity_since,
    primary: { label, action: rings ? "answer" : null },
    canRefuse: true,
    context: "offer",
  };
}

function talking(model: DeskModel, state: AgentState): CallView {
  const browser = state.phone === "browser";
  const without = browser && model.phase === "none";
  const silent =
    without && !model.soundElsewhere && Date.now() - model.phaseSince > SOUND_LOST_MS;
  const held = browser ? model.onHold : state.on_hold;
  if (silent) {
    return {
      ...nothing,
      kind: "danger",
      word: t("声音中断"),
      since: state.activity_since,
      primary: { label: t("请同事接回市民"), action: "return_caller" },
      canTransfer: true,
      context: "talk",
    };
  }
  return {
    ...nothing,
    kind: held ? "warn" : "info",
    word: held ? t("保持中") : t("通话中"),
    detail: without && model.soundElsewhere ? t("声音在另一个窗口") : "",
    // The whole conversation counts; only a hold has its own time.
    since: held ? state.activity_since : (answeredAt(model, state) ?? state.activity_since),
    primary: { label: t("挂断"), action: "hang_up" },
    canSwitch: browser && model.phase === "talking",
    canTransfer: true,
    canSendDigits: browser && model.phase === "talking",
    context: "talk",
  };
}

function answeredAt(model: DeskModel, state: AgentState): string | null {
  return model.pop?.call_id === state.call_id ? model.pop.answered_at : null;
}

function consulting(state: AgentState): CallView {
  const other = state.consultation;
  const name = other === null ? "" : personName(other);
  const speaks = other?.phase === "talking";
  return {
    ...nothing,
    kind: "info",
    word: speaks ? t("咨询中") : t("正在呼叫同事"),
    since: state.activity_since,
    detail: name,
    primary: { label: t("转给同事"), action: speaks ? "complete_consult" : null },
    context: "consult",
  };
}

function consulted(model: DeskModel, state: AgentState): CallView {
  return {
    ...nothing,
    kind: "info",
    word: t("同事咨询"),
    since: state.activity_since,
    primary: { label: t("挂断"), action: "hang_up" },
    canSwitch: model.phase === "talking",
    context: "nothing",
  };
}

function nextStatus(state: AgentState): Pick<CallView, "canToggleReady" | "wantsReady" | "next"> {
  const idle = state.activity === "idle";
  const chosen = idle ? state.status : (state.next_status ?? state.status);
  const free = state.activity !== "offered" && !state.next_forced;
  const next = chosen === "logged_out" || chosen === "ready" ? chosen : "not_ready";
  return { canToggleReady: free, wantsReady: chosen !== "ready", next: idle || !free ? null : next };
}

/** What follows the call, where it is not just as before; null: nothing to say. */
function afterwards(state: AgentState): string | null {
  if (state.next_forced) return ordered(state);
  return state.next_status === "logged_out" ? t("本次通话后签退") : null;
}

/** What a supervisor has ordered for after the call. */
function ordered(state: AgentState): string {
  switch (state.next_status) {
    case "logged_out":
      return t("值班长已安排：本次通话后签退");
    case "not_ready":
      return t("值班长已安排：本次通话后置忙");
    default:
      return t("值班长已安排：本次通话后就绪");
  }
}

function place(state: AgentState): string {
  const booth = t("%(booth)s 席", { booth: state.booth ?? "–" });
  return state.team === null || state.activity === "idle"
    ? booth
    : `${booth} · ${teamName(state.team)}`;
}
