// What the call column shows and allows, for states as the platform sends them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { callView } from "../src/desk/call_view.ts";

globalThis.document = { documentElement: { lang: "zh-CN" } };

const SINCE = "2026-11-24T09:00:00+08:00";
const UNTIL = "2026-11-24T09:01:00+08:00";

/** An operator at booth 018 with a desk phone, ready and idle, but for `changes`. */
function desk(changes = {}) {
  return {
    state: {
      type: "agent_state",
      status: "ready",
      reason: null,
      status_since: SINCE,
      next_status: null,
      next_reason: null,
      next_forced: false,
      activity: "idle",
      activity_since: SINCE,
      deadline: null,
      booth: "018",
      phone: "desk",
      phone_reachable: true,
      call_id: null,
      offer_id: null,
      team: null,
      on_hold: false,
      moving: false,
      wrap_up_mode: null,
      wrap_up_extended: false,
      disposition: null,
      consultation: null,
      line_up: true,
      ...changes,
    },
    pop: null,
    phase: "none",
    phaseSince: Date.now(),
    soundElsewhere: false,
    onHold: false,
  };
}

const inCall = (changes = {}) => desk({ activity: "talking", call_id: "c-1", offer_id: "c-1.1", team: "labour", ...changes });
const writeUp = (mode, changes = {}) =>
  inCall({ activity: "wrap_up", wrap_up_mode: mode, deadline: mode === "mandatory" ? null : UNTIL, ...changes });

test("a write-up with a limit shows the time that is left", () => {
  for (const mode of ["optional", "time_boxed", "fixed"]) {
    const view = callView(writeUp(mode));
    assert.equal(view.until, UNTIL, mode);
    assert.equal(view.canExtend, true, mode);
  }
});

test("one without a limit shows the time so far, and there is nothing to be made longer", () => {
  const view = callView(writeUp("mandatory"));
  assert.deepEqual([view.until, view.since, view.canExtend], [null, SINCE, null]);
  assert.equal(view.detail, "填写通话结果后结束");
});

test("a plan that presses a mandatory one shows its limit", () => {
  const view = callView(writeUp("time_boxed", { deadline: UNTIL }));
  assert.deepEqual([view.until, view.canExtend], [UNTIL, true]);
});

test("it is made longer once", () => {
  const view = callView(writeUp("time_boxed", { wrap_up_extended: true }));
  assert.equal(view.canExtend, false);
  assert.equal(view.detail, "时限已延长一次");
});

test("one that may be ended early says so, by the primary action", () => {
  for (const mode of ["optional", "mandatory", "time_boxed"]) {
    assert.deepEqual(callView(writeUp(mode)).primary, { label: "完成", action: "finish" }, mode);
  }
});

test("one of fixed time cannot be ended early: the result is noted, once", () => {
  const open = callView(writeUp("fixed"));
  assert.deepEqual(open.primary, { label: "记录结果", action: "finish" });
  assert.equal(open.detail, "时间到后自动结束");
  const noted = callView(writeUp("fixed", { disposition: "answered" }));
  assert.deepEqual(noted.primary, { label: "已记录", action: null });
  assert.equal(noted.until, UNTIL);
});

test("amid a call it is shown what follows, and it may be chosen", () => {
  assert.equal(callView(inCall()).next, "ready");
  assert.equal(callView(inCall({ next_status: "not_ready", next_reason: "meal" })).next, "not_ready");
  const leaving = callView(inCall({ next_status: "logged_out" }));
  assert.deepEqual([leaving.next, leaving.wantsReady, leaving.detail], ["logged_out", true, "本次通话后签退"]);
  assert.equal(callView(writeUp("fixed", { next_status: "logged_out" })).next, "logged_out");
});

test("what a supervisor has ordered is shown and not to be chosen", () => {
  const words = {
    ready: "值班长已安排：本次通话后就绪",
    not_ready: "值班长已安排：本次通话后置忙",
    logged_out: "值班长已安排：本次通话后签退",
  };
  for (const [next_status, detail] of Object.entries(words)) {
    const view = callView(inCall({ next_status, next_forced: true }));
    assert.deepEqual([view.next, view.canToggleReady, view.detail], [null, false, detail]);
  }
});

test("while nothing is in hand nothing follows", () => {
  assert.equal(callView(desk()).next, null);
  assert.equal(callView(desk({ activity: "offered", deadline: UNTIL })).next, null);
});

test("why one is not ready is said in words, the machine's reasons too", () => {
  const words = {
    meal: "用餐",
    ring_no_answer: "振铃未接",
    declined: "已拒接",
    phone_unreachable: "话机离线",
    connection_lost: "连接中断",
    forced: "值班长置忙",
  };
  for (const [reason, word] of Object.entries(words)) {
    const view = callView(desk({ status: "not_ready", reason }));
    assert.equal(view.word, word);
    assert.deepEqual(view.primary, { label: "就绪", action: "ready" });
  }
});

test("a browser's phone without sound amid a conversation leads the caller to a colleague", () => {
  const model = inCall({ phone: "browser" });
  model.phaseSince = Date.now() - 10_000;
  assert.equal(callView(model).primary.action, "return_caller");
  model.phaseSince = Date.now();
  assert.equal(callView(model).primary.action, "hang_up");
});
