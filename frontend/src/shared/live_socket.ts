// A WebSocket that notices silence, comes back by itself and matches answers to commands.

import { t } from "./i18n";
import type { ClientMessage, ServerMessage } from "./protocol";

/** Longer silence than this means a lost connection; the server speaks every 0.85 s. */
const SILENCE_MS = 1800;
const CHECK_MS = 300;
const RETRY_MS = [250, 500, 1000, 2000, 4000] as const;
const ANSWER_MS = 8000;

export const CLOSE_NOT_SIGNED_IN = 4401;
export const CLOSE_TAKEN = 4409;

type WithoutId<Message> = Message extends { readonly request_id: string }
  ? Omit<Message, "request_id">
  : never;
export type CommandBody = WithoutId<ClientMessage>;

export class CommandRefused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
  readonly timer: number;
}

export interface LiveSocketEvents {
  /** The socket is open; what must be said first is said here. */
  opened(): void;
  message(message: ServerMessage): void;
  /** Called with false as soon as the silence is too long or the socket closed. */
  connected(up: boolean): void;
  /** The server closed for good: not signed in, or taken by another tab. */
  ended(code: number): void;
}

export class LiveSocket {
  private socket: WebSocket | null = null;
  private readonly waiting = new Map<string, Waiting>();
  private lastHeard = 0;
  private attempts = 0;
  private number = 0;
  private up = false;
  private stopped = false;

  constructor(
    private readonly path: string,
    private readonly events: LiveSocketEvents,
  ) {
    window.setInterval(() => this.check(), CHECK_MS);
    window.addEventListener("online", () => this.reconnectNow());
  }

  open(): void {
    this.stopped = false;
    this.attempts = 0;
    this.connect();
  }

  get connected(): boolean {
    return this.up;
  }

  /** Send a command; resolves when the server has done it, rejects with its sentence. */
  command(body: CommandBody): Promise<void> {
    const socket = this.socket;
    if (socket === null || socket.readyState !== WebSocket.OPEN) {
      return Promise.reject(new CommandRefused("unreachable", t("连接中断，请稍候再试")));
    }
    this.number += 1;
    const id = `r${this.number}`;
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.waiting.delete(id);
        reject(new CommandRefused("timeout", t("服务器没有回应，请稍候再试")));
      }, ANSWER_MS);
      this.waiting.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ ...body, request_id: id }));
    });
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.socket = socket;
    this.lastHeard = Date.now();
    socket.addEventListener("open", () => {
      this.lastHeard = Date.now();
      this.events.opened();
    });
    socket.addEventListener("message", (event) => this.heard(String(event.data)));
    socket.addEventListener("close", (event) => {
      if (this.socket === socket) this.lost(event.code);
    });
  }

  private heard(text: string): void {
    this.lastHeard = Date.now();
    this.attempts = 0;
    this.setUp(true);
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === "ok" || message.type === "error") {
      const waiting = this.waiting.get(message.request_id);
      if (waiting === undefined) return;
      this.waiting.delete(message.request_id);
      window.clearTimeout(waiting.timer);
      if (message.type === "ok") waiting.resolve();
      else waiting.reject(new CommandRefused(message.code, t(message.message)));
      return;
    }
    this.events.message(message);
  }

  private check(): void {
    const socket = this.socket;
    if (this.stopped || socket === null) return;
    if (Date.now() - this.lastHeard <= SILENCE_MS) return;
    this.setUp(false);
    if (Date.now() - this.lastHeard > SILENCE_MS * 2) {
      socket.close();
      this.lost(1006);
    }
  }

  private lost(code: number): void {
    this.socket = null;
    this.setUp(false);
    for (const waiting of this.waiting.values()) {
      window.clearTimeout(waiting.timer);
      waiting.reject(new CommandRefused("unreachable", t("连接中断，请稍候再试")));
    }
    this.waiting.clear();
    if (code === CLOSE_NOT_SIGNED_IN || code === CLOSE_TAKEN) {
      this.stopped = true;
      this.events.ended(code);
      return;
    }
    const wait = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)] ?? 4000;
    this.attempts += 1;
    window.setTimeout(() => this.reconnectNow(), wait);
  }

  private reconnectNow(): void {
    if (!this.stopped && this.socket === null) this.connect();
  }

  private setUp(up: boolean): void {
    if (this.up === up) return;
    this.up = up;
    this.events.connected(up);
  }
}
