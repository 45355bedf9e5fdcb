// The wallboard's socket: whole snapshots, at most one drawing for each frame, reconnected for ever.

import type { Snapshot } from "../shared/protocol";

const RETRY_MS = 1500;
const CLOSE_NOT_SIGNED_IN = 4401;

/** Call `draw` with the newest snapshot; several between two frames are one drawing. */
export function followBoard(page: string, draw: (snapshot: Snapshot) => void): void {
  let waiting: Snapshot | null = null;
  const drawNewest = (): void => {
    const snapshot = waiting;
    waiting = null;
    if (snapshot !== null) draw(snapshot);
  };
  const connect = (): void => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/wallboard/ws`);
    socket.addEventListener("message", (event) => {
      const first = waiting === null;
      waiting = JSON.parse(String(event.data)) as Snapshot;
      if (first) requestAnimationFrame(drawNewest);
    });
    socket.addEventListener("close", (event) => {
      if (event.code === CLOSE_NOT_SIGNED_IN) location.assign(`/login?next=${page}`);
      else window.setTimeout(connect, RETRY_MS);
    });
  };
  connect();
}
