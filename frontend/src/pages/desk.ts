// The operator's desktop: connects the socket, the phone and the three columns.

import { fill, make, need, setBadge, setText } from "../shared/dom";
import { getJson, HttpError } from "../shared/http";
import { loadCatalogue, t } from "../shared/i18n";
import { CLOSE_TAKEN, CommandRefused, LiveSocket, type CommandBody } from "../shared/live_socket";
import type { AgentState, Forced, PlansRunning, ServerMessage } from "../shared/protocol";
import { callOverTone, Ringer } from "../shared/ring";
import { microphoneTrouble, Softphone, type PhoneAccess } from "../shared/softphone";
import { clockTime, serverNow, setServerTime } from "../shared/time";
import { learnTeams, personName } from "../shared/words";
import { loadFormBook } from "../desk/api";
import { CallPanel } from "../desk/call_panel";
import type { NextStatus, PrimaryAction } from "../desk/call_view";
import { CaseDesk } from "../desk/case_desk";
import { CitizenPanel } from "../desk/citizen_panel";
import { ContextPanel } from "../desk/context_panel";
import { listenForKeys } from "../desk/keys";
import { KnowledgePanel } from "../desk/knowledge_panel";
import { DeskModel } from "../desk/model";

await loadCatalogue();

const TICK_MS = 250;
const tabId = crypto.randomUUID();
const model = new DeskModel();
const ringer = new Ringer();
const connection = need("connection", HTMLSpanElement);
const phoneState = need("phone-state", HTMLSpanElement);
const clock = need("server-clock", HTMLTimeElement);
const announcer = need("announcer", HTMLDivElement);
const taken = need("taken", HTMLDivElement);
const planStrip = need("plans", HTMLDivElement);
let caseDesk: CaseDesk | null = null;

// --- the columns ------------------------------------------------------------------------------

const callPanel = new CallPanel(model, {
  primary: (action) => void perform(action),
  toggleReady: (wantsReady) => void sayReady(wantsReady),
  refuse: () => refuse(),
  hold: () => phone.toggleHold(),
  mute: () => phone.toggleMute(),
  openTransfer: () => openOverlay("transfer"),
  openDigits: () => openOverlay("digits"),
});
const context = new ContextPanel(model, {
  transferTeam: (team) => void handOn({ type: "transfer_team", team }).then(closeOverlay),
  transferAgent: (agent) => void handOn({ type: "transfer_agent", agent }).then(closeOverlay),
  consult: (agent) => void order({ type: "consult", agent }).then(closeOverlay),
  cancelConsult: () => void order({ type: "cancel_consult" }),
  digit: (key) => phone.sendDigit(key),
  extendWrapUp: () => void order({ type: "extend_wrap_up" }),
  nextChosen: (next) => void chooseNext(next),
  logOut: () => void order({ type: "log_out" }),
  reasonChosen: () => {
    if (model.state?.activity === "idle" && model.state.status === "not_ready") {
      void order({ type: "not_ready", reason: context.reason() });
    }
  },
});
const citizen = new CitizenPanel();
const knowledge = new KnowledgePanel({
  use: (article) => caseDesk?.useArticle(article.article_id, article.title, article.answer),
});

// --- the phone --------------------------------------------------------------------------------

const phone = new Softphone(
  need("speaker", HTMLAudioElement),
  {
    registration: (state, detail) => {
      model.registration = state;
      model.registrationDetail = detail;
      model.changed();
    },
    call: (phase) => {
      if (phase === "none" && model.phase === "talking") callOverTone();
      model.phase = phase;
      model.phaseSince = Date.now();
      if (phase === "ringing") ringer.start();
      else ringer.stop();
      tellTabs();
      model.changed();
    },
    switches: (onHold, muted) => {
      model.onHold = onHold;
      model.muted = muted;
      model.changed();
    },
    trouble: (message) => callPanel.say(message, "danger"),
  },
  true,
);

// Tabs of one browser tell each other which of them has the sound.
const tabs = new BroadcastChannel("hotline-desk");
const tellTabs = (): void => tabs.postMessage({ sound: model.phase === "talking" });
tabs.addEventListener("message", (event: MessageEvent<{ sound?: boolean }>) => {
  if (event.data.sound === undefined) tellTabs();
  else {
    model.soundElsewhere = event.data.sound;
    model.changed();
  }
});
tabs.postMessage({});

let wantedPhone = "";

/** Be the phone of the booth where the operator is logged in, and no other. */
async function usePhoneOf(state: AgentState): Promise<void> {
  const wanted = state.phone === "browser" ? (state.booth ?? "") : "";
  if (wanted === wantedPhone) return;
  wantedPhone = wanted;
  if (wanted === "") {
    phone.stop();
    return;
  }
  try {
    phone.start(await getJson<PhoneAccess>("/api/desk/softphone"));
  } catch (error) {
    wantedPhone = "";
    if (error instanceof HttpError) callPanel.say(error.message, "danger");
    else throw error;
  }
}

// --- the socket -------------------------------------------------------------------------------

const socket = new LiveSocket("/desk/ws", {
  opened: () => void socket.command({ type: "hello", tab_id: tabId, version: 1 }).catch(() => undefined),
  message: heard,
  connected: (up) => {
    model.connected = up;
    model.changed();
  },
  ended: (code) => {
    if (code === CLOSE_TAKEN) {
      phone.yieldPlace();
      wantedPhone = "";
      rest(true);
      need("take-back", HTMLButtonElement).focus();
    } else {
      location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    }
  },
});
need("take-back", HTMLButtonElement).addEventListener("click", () => {
  // Not by reloading: this tab may still have the call's sound.
  rest(false);
  socket.open();
});

function rest(on: boolean): void {
  model.taken = on;
  taken.hidden = !on;
  model.changed();
}

function heard(message: ServerMessage): void {
  switch (message.type) {
    case "time":
      setServerTime(message.now);
      return;
    case "welcome":
      setServerTime(message.now);
      learnTeams(message.teams);
      model.welcome = message;
      break;
    case "agent_state":
      stateChanged(message);
      break;
    case "offer":
      model.pop = message.pop;
      announce(t("来电：%(number)s", { number: message.pop.number || t("匿名来电") }));
      break;
    case "call_updated":
      model.pop = message.pop;
      break;
    case "toast":
      callPanel.say(t(message.message), message.kind === "ok" ? "info" : message.kind);
      announce(t(message.message));
      return;
    case "plans":
      showPlans(message);
      break;
    case "forced": {
      const said = forcedText(message);
      callPanel.say(said, "warn");
      announce(said);
      return;
    }
    default:
      return;
  }
  model.changed();
}

function showPlans(running: PlansRunning): void {
  const plans = running.plans;
  const names = plans.map((plan) => personName({ name: plan.zh, name_en: plan.en })).join(t("、"));
  const limits = plans.flatMap((plan) => (plan.wrap_up_s === null ? [] : [plan.wrap_up_s]));
  const said = t("应急预案执行中：%(names)s", { names });
  fill(planStrip, make("span", {}, said));
  if (limits.length > 0) {
    planStrip.append(make("span", {}, t("话后整理不超过 %(n)s 秒", { n: Math.min(...limits) })));
  }
  planStrip.hidden = plans.length === 0;
  const asking = plans.filter((plan) => plan.asks).map((plan) => personName({ name: plan.zh, name_en: plan.en }));
  if (asking.length === 0) return;
  const asked = t("来电高峰（%(names)s），请返回接听", { names: asking.join(t("、")) });
  planStrip.append(
    make("strong", {}, asked),
    make("button", { class: "primary", attributes: { type: "button" }, click: () => answerSummons(true) }, t("返回就绪")),
    make("button", { attributes: { type: "button" }, click: () => answerSummons(false) }, t("暂时不能")),
  );
  announce(asked);
}

function answerSummons(come: boolean): void {
  void order({ type: "answer_summons", come });
}

function forcedText(order: Forced): string {
  const reason = { reason: order.reason };
  switch (order.state) {
    case "ready":
      return order.at_once
        ? t("值班长已将您置为就绪：%(reason)s", reason)
        : t("值班长安排您本次通话后就绪：%(reason)s", reason);
    case "not_ready":
      return order.at_once
        ? t("值班长已将您置忙：%(reason)s", reason)
        : t("值班长安排您本次通话后置忙：%(reason)s", reason);
    case "logged_out":
      return order.at_once
        ? t("值班长已将您签退：%(reason)s", reason)
        : t("值班长安排您本次通话后签退：%(reason)s", reason);
    case "freed":
      return t("您的状态与话机不符，值班长已为您解除：%(reason)s", reason);
  }
}

function stateChanged(state: AgentState): void {
  const before = model.state;
  model.state = state;
  if (before?.call_id !== state.call_id && state.call_id !== null) model.filedOutcome = null;
  // In a conversation the caller has not left, or is back because nobody could take over.
  if (state.activity === "talking" && !state.moving) model.passedOn = false;
  if (state.call_id === null) model.pop = null;
  if (before?.activity !== state.activity && state.activity === "wrap_up") announce(t("通话结束，请完成话后整理"));
  void usePhoneOf(state);
}

function announce(text: string): void {
  announcer.textContent = text;
}

// --- orders -----------------------------------------------------------------------------------

/** Send a command; a refusal is said under the primary action. Resolves to success. */
async function order(body: CommandBody): Promise<boolean> {
  try {
    await socket.command(body);
    return true;
  } catch (error) {
    if (!(error instanceof CommandRefused)) throw error;
    callPanel.say(error.message, "warn");
    return false;
  }
}

/** An order by which the caller leaves this desk; the result of the call is known then. */
async function handOn(body: CommandBody): Promise<void> {
  if (await order(body)) model.passedOn = true;
}

async function perform(action: PrimaryAction): Promise<void> {
  callPanel.say("");
  switch (action) {
    case "log_in":
      await logIn();
      return;
    case "ready":
      await order({ type: "ready" });
      return;
    case "answer":
      phone.answer();
      return;
    case "hang_up":
      await hangUp();
      return;
    case "complete_consult":
      await handOn({ type: "complete_consult" });
      return;
    case "return_caller":
      await handOn({ type: "transfer_team", team: model.state?.team ?? "general" });
      return;
    case "finish":
      await finish();
  }
}

async function logIn(): Promise<void> {
  const booth = context.booth();
  if (booth === "") {
    callPanel.say(t("请先填写三位座席号"), "warn");
    context.focusFirst("booth");
    return;
  }
  const kind = context.phone();
  context.rememberLogin();
  if (kind === "browser") {
    const trouble = await microphoneTrouble();
    if (trouble !== null) callPanel.say(trouble, "danger");
  }
  await order({ type: "log_in", booth, phone: kind });
}

/** The platform ends the operator's part; without it, the phone itself does. */
async function hangUp(): Promise<void> {
  if (socket.connected && (await order({ type: "release" }))) return;
  phone.hangUp();
}

async function finish(): Promise<void> {
  const optional = model.state?.wrap_up_mode === "optional";
  const disposition = context.disposition() ?? (optional ? "" : null);
  if (disposition === null) {
    callPanel.say(t("请先选择通话结果"), "warn");
    context.focusFirst("disposition");
    return;
  }
  const next = context.nextStatus();
  const done = await order({
    type: "wrap_up_done",
    disposition,
    next_status: next,
    reason: next === "not_ready" ? context.reason() : null,
  });
  if (done) callPanel.say("");
}

function sayReady(ready: boolean): Promise<boolean> {
  return order(ready ? { type: "ready" } : { type: "not_ready", reason: context.reason() });
}

/** What is refused is shown as it was. */
async function chooseNext(next: NextStatus): Promise<void> {
  const done = next === "logged_out" ? await order({ type: "log_out" }) : await sayReady(next === "ready");
  if (!done) model.changed();
}

function refuse(): void {
  const offer = model.state?.offer_id;
  if (offer === null || offer === undefined) return;
  if (socket.connected) void order({ type: "decline", offer_id: offer });
  else phone.refuse();
}

function openOverlay(which: "transfer" | "digits"): void {
  context.toggle(which, callPanel.view);
  const expanded = (name: string): string => String(context.open === name);
  need("open-transfer", HTMLButtonElement).setAttribute("aria-expanded", expanded("transfer"));
  need("open-digits", HTMLButtonElement).setAttribute("aria-expanded", expanded("digits"));
}

function closeOverlay(): void {
  if (context.open !== null) openOverlay(context.open);
}

// --- drawing ----------------------------------------------------------------------------------

let focusedCall: string | null = null;

function render(): void {
  callPanel.render();
  context.render(callPanel.view);
  citizen.render(model.pop);
  drawConnection();
  const state = model.state;
  if (state === null) return;
  knowledge.forCall(state.call_id, state.team);
  const answered = state.activity !== "offered" && state.call_id !== null;
  if (state.activity !== "consulted") void caseDesk?.forCall(state.call_id, state.team, answered);
  if (state.activity === "wrap_up" && focusedCall !== state.call_id) focusedCall = state.call_id;
}

function drawConnection(): void {
  if (model.connected) {
    if (model.state?.line_up === false) setBadge(connection, "danger", t("电话系统中断，来电由后备队列接待"));
    else setBadge(connection, "ok", t("已连接"));
  } else if (model.taken) setBadge(connection, "neutral", t("此窗口已停用"));
  else if (model.welcome === null) setBadge(connection, "neutral", t("正在连接"));
  else setBadge(connection, "danger", t("连接中断，通话不受影响，正在重连"));
  const kind = model.state?.phone ?? null;
  if (kind === "desk") {
    const up = model.state?.phone_reachable === true;
    setBadge(phoneState, up ? "ok" : "danger", up ? t("话机在线") : t("话机离线"));
  } else if (kind === null) setBadge(phoneState, "neutral", t("话机未启用"));
  else if (model.registration === "registered") setBadge(phoneState, "ok", t("耳麦话机在线"));
  else if (model.registration === "failed") setBadge(phoneState, "danger", t("耳麦话机注册失败"));
  else setBadge(phoneState, "warn", t("耳麦话机正在连接"));
}

model.subscribe(render);
window.setInterval(() => {
  callPanel.render();
  if (model.welcome !== null) setText(clock, clockTime(serverNow()));
}, TICK_MS);

listenForKeys({
  primary: () => need("primary", HTMLButtonElement).click(),
  toggleReady: () => need("toggle-ready", HTMLButtonElement).click(),
  refuse: () => need("refuse", HTMLButtonElement).click(),
  hold: () => need("hold", HTMLButtonElement).click(),
  mute: () => need("mute", HTMLButtonElement).click(),
  transfer: () => need("open-transfer", HTMLButtonElement).click(),
  digits: () => need("open-digits", HTMLButtonElement).click(),
  toCase: () => caseDesk?.focus(),
  toKnowledge: () => knowledge.focus(),
  useArticle: () => void knowledge.useFirst(),
  file: () => void caseDesk?.file(),
  escape: () => closeOverlay(),
});

window.addEventListener("beforeunload", (event) => {
  if (phone.callPhase !== "none") event.preventDefault();
});

socket.open();

const caseForm = need("case-form", HTMLFormElement);
try {
  caseDesk = new CaseDesk(caseForm, await loadFormBook(), {
    described: (text) => knowledge.suggest(text),
    filed: (outcome) => {
      model.filedOutcome = outcome;
      model.changed();
    },
  });
  await caseDesk.restore();
  model.changed();
} catch (error) {
  if (!(error instanceof HttpError)) throw error;
  fill(caseForm, make("p", { class: "notice notice-danger" }, error.message));
}
