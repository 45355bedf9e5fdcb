// What the operator's page knows at this moment, and who wants to hear of a change.

import type { AgentState, ScreenPop, Welcome } from "../shared/protocol";
import type { CallPhase, Registration } from "../shared/softphone";

export class DeskModel {
  connected = false;
  welcome: Welcome | null = null;
  state: AgentState | null = null;
  pop: ScreenPop | null = null;
  registration: Registration = "off";
  registrationDetail = "";
  phase: CallPhase = "none";
  phaseSince = Date.now();
  onHold = false;
  muted = false;
  /** Another tab of this browser has the place; this one rests. */
  taken = false;
  /** Another tab of this browser has the conversation's sound. */
  soundElsewhere = false;
  /** The outcome under which the case in hand was filed; chooses the disposition beforehand. */
  filedOutcome: string | null = null;
  /** The caller in hand was handed to a team or a colleague; chooses it, too, if nothing was filed. */
  passedOn = false;
  private readonly listeners: (() => void)[] = [];
  private queued = false;

  subscribe(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Several changes in one turn of the event loop are one rendering. */
  changed(): void {
    if (this.queued) return;
    this.queued = true;
    queueMicrotask(() => {
      this.queued = false;
      for (const listener of this.listeners) listener();
    });
  }
}
