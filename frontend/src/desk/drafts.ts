// Typed text is never lost: each change goes to this browser at once and to the server soon after.
// Two versions that grew apart are both shown; nobody's words are overwritten unseen.

import { HttpError, getJson, sendJson } from "../shared/http";
import type { Draft } from "./api";
import type { Values } from "./case_form";

const SAVE_MS = 600;
const RETRY_MS = 3000;
const KEY = "hotline.draft.";
const OLD_MS = 7 * 24 * 3600 * 1000;

interface LocalCopy {
  readonly base: number;
  readonly fields: Values;
  readonly at: number;
}

export type SaveState =
  | { readonly kind: "saved"; readonly at: number }
  | { readonly kind: "saving" }
  | { readonly kind: "local"; readonly message: string };

export interface DraftEvents {
  state(state: SaveState): void;
  /** The stored version differs from what is typed here; the person chooses. */
  conflict(stored: Draft, mine: Values): void;
}

export class DraftKeeper {
  private draft: Draft | null = null;
  private pending: Values | null = null;
  private timer = 0;
  private running: Promise<void> | null = null;
  private halted = false;

  constructor(private readonly events: DraftEvents) {
    forgetOldCopies();
  }

  get current(): Draft | null {
    return this.draft;
  }

  /** Begin with this draft. Returns the values to show: typed here last, if newer. */
  begin(draft: Draft): Values {
    this.draft = draft;
    this.pending = null;
    this.halted = false;
    const local = readCopy(draft.draft_id);
    if (local === null || same(local.fields, draft.fields)) return draft.fields;
    if (local.base === draft.revision) {
      this.keep(local.fields);
      return local.fields;
    }
    this.halted = true;
    this.events.conflict(draft, local.fields);
    return draft.fields;
  }

  /** Remember `values` here now, and on the server in a moment. */
  keep(values: Values): void {
    const draft = this.draft;
    if (draft === null || this.halted || draft.case_number !== null) return;
    this.pending = values;
    writeCopy(draft.draft_id, { base: draft.revision, fields: values, at: Date.now() });
    this.schedule(SAVE_MS);
  }

  /** The person has chosen between the two versions. */
  settle(stored: Draft, chosen: Values): void {
    this.draft = stored;
    this.halted = false;
    this.keep(chosen);
  }

  /** Everything typed so far is on the server when this resolves; rejects if it cannot be. */
  async flush(): Promise<void> {
    window.clearTimeout(this.timer);
    await this.running;
    if (this.pending !== null) await this.save();
    if (this.pending !== null) throw new HttpError(0, "unsaved", "", null, null);
  }

  /** The draft was filed: forget the copy. */
  filed(): void {
    if (this.draft !== null) localStorage.removeItem(KEY + this.draft.draft_id);
    this.draft = null;
    this.pending = null;
  }

  /** Let go of the draft; what was typed stays on the server and can be opened again. */
  async leave(): Promise<void> {
    try {
      await this.flush();
    } catch {
      // The copy in this browser stays until the draft is opened again.
    }
    this.draft = null;
    this.pending = null;
  }

  private schedule(wait: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.running = this.save().finally(() => {
        this.running = null;
      });
    }, wait);
  }

  private async save(): Promise<void> {
    const draft = this.draft;
    const values = this.pending;
    if (draft === null || values === null) return;
    this.events.state({ kind: "saving" });
    try {
      const saved = await sendJson<Draft>("PUT", `/api/drafts/${draft.draft_id}`, {
        revision: draft.revision,
        fields: values,
      });
      if (this.draft?.draft_id !== saved.draft_id) return;
      this.draft = saved;
      this.events.state({ kind: "saved", at: Date.now() });
      if (this.pending === values) this.pending = null;
      const newest = this.pending ?? values;
      writeCopy(saved.draft_id, { base: saved.revision, fields: newest, at: Date.now() });
    } catch (error) {
      await this.failed(error, draft, values);
    }
  }

  private async failed(error: unknown, draft: Draft, values: Values): Promise<void> {
    if (!(error instanceof HttpError)) throw error;
    if (error.status === 409) {
      const stored = await getJson<Draft>(`/api/drafts/${draft.draft_id}`);
      this.draft = stored;
      if (same(stored.fields, values)) {
        this.pending = null;
        this.events.state({ kind: "saved", at: Date.now() });
        return;
      }
      this.halted = true;
      this.events.conflict(stored, values);
      return;
    }
    this.events.state({ kind: "local", message: error.message });
    // A refused value would be refused again; only an unreachable server is tried once more.
    if (error.status === 0 || error.status >= 500) this.schedule(RETRY_MS);
  }
}

function same(a: Values, b: Values): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => (a[name] ?? "") === (b[name] ?? ""));
}

function readCopy(id: string): LocalCopy | null {
  const text = localStorage.getItem(KEY + id);
  if (text === null) return null;
  try {
    return JSON.parse(text) as LocalCopy;
  } catch {
    return null;
  }
}

function writeCopy(id: string, copy: LocalCopy): void {
  try {
    localStorage.setItem(KEY + id, JSON.stringify(copy));
  } catch {
    // The browser's room is full: the server's copy has to do.
  }
}

function forgetOldCopies(): void {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(KEY)) continue;
    const copy = readCopy(key.slice(KEY.length));
    if (copy === null || Date.now() - copy.at > OLD_MS) localStorage.removeItem(key);
  }
}
