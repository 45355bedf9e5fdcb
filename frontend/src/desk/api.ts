// The JSON of the work orders' and the knowledge base's departments, as this page uses it.

import { getJson, sendJson } from "../shared/http";

type Values = Readonly<Record<string, string>>;

export interface Draft {
  readonly draft_id: string;
  readonly call_id: string | null;
  readonly revision: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly case_number: string | null;
}

/** Names in what follows are in the reader's language already. */
export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly pattern: string;
  readonly max_length: number;
}

export interface Category {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly team: string;
  readonly leaf: boolean;
  readonly required: readonly string[];
  readonly usual_type: string | null;
}

export interface Coded {
  readonly code: string;
  readonly name: string;
}

/** Everything the form needs to know once. `required`: by outcome, for every category. */
export interface FormBook {
  readonly categories: readonly Category[];
  readonly fields: readonly FieldSpec[];
  readonly request_types: readonly Coded[];
  readonly urgencies: readonly Coded[];
  readonly districts: readonly Coded[];
  readonly transfer_targets: readonly { readonly number: string; readonly name: string }[];
  readonly required: Readonly<Record<string, readonly string[]>>;
}

export interface Authority {
  readonly id: string;
  readonly name: string;
  readonly short: string;
}

export interface Authorities {
  readonly suggested: readonly Authority[];
  readonly everybody: readonly Authority[];
}

export interface Guess {
  readonly id: string;
  readonly path: readonly string[];
}

export interface Filed {
  readonly number: string;
  readonly state_name: string;
  readonly url: string;
}

export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

export interface Hit {
  readonly article_id: string;
  readonly title: readonly Piece[];
  readonly snippet: readonly Piece[];
  readonly answer: string;
}

export interface Article {
  readonly article_id: string;
  readonly title: string;
  readonly answer: string;
  readonly body: string;
  readonly owner: string;
  readonly source: string;
}

// --- drafts and filing ----------------------------------------------------------------------

export function openDraft(callId: string | null, team: string | null): Promise<Draft> {
  return sendJson<Draft>("POST", "/api/drafts", {
    call_id: callId,
    ...(team === null ? {} : { team }),
  });
}

export function readDraft(id: string): Promise<Draft> {
  return getJson<Draft>(`/api/drafts/${encodeURIComponent(id)}`);
}

export async function openDrafts(): Promise<readonly Draft[]> {
  return getJson<readonly Draft[]>("/api/drafts");
}

/** The fields of the form, and how it is settled. */
export function fileDraft(draft: Draft, values: Values): Promise<Filed> {
  const { outcome, article_id, answer, authority, target, reason, ...fields } = values;
  return sendJson<Filed>("POST", "/api/cases", {
    draft_id: draft.draft_id,
    fields,
    outcome: settlement(outcome ?? "answered", { article_id, answer, authority, target, reason }),
  });
}

/** Join a call to a case that was filed without one. */
export async function linkCall(number: string, callId: string): Promise<void> {
  await sendJson("POST", `/api/cases/${encodeURIComponent(number)}/calls`, { call_id: callId });
}

function settlement(kind: string, given: Readonly<Record<string, string | undefined>>): object {
  switch (kind) {
    case "dispatched":
      return { kind, authority: given["authority"] ?? "" };
    case "submitted":
      return { kind };
    case "transferred_out":
      return { kind, target: given["target"] ?? "", reason: given["reason"] ?? "" };
    case "withdrawn":
      return { kind, reason: given["reason"] ?? "" };
    default:
      return { kind: "answered", article_id: given["article_id"] ?? null, answer: given["answer"] ?? "" };
  }
}

// --- reference ------------------------------------------------------------------------------

export function loadFormBook(): Promise<FormBook> {
  return getJson<FormBook>("/api/categories");
}

export async function guessCategories(text: string, team: string | null): Promise<readonly Guess[]> {
  const query = new URLSearchParams({ text, ...(team === null ? {} : { team }) });
  return (await getJson<{ readonly guesses: readonly Guess[] }>(`/api/categories/guess?${query}`)).guesses;
}

export function authoritiesFor(category: string, district: string): Promise<Authorities> {
  const query = new URLSearchParams({ category, district });
  return getJson<Authorities>(`/api/authorities-for-category?${query}`);
}

// --- knowledge ------------------------------------------------------------------------------

const TEXT_LIMIT = 500;

/** `finished`: the words are complete; if nothing is found, the editors will hear of it. */
export async function searchArticles(
  words: string,
  team: string | null,
  finished: boolean,
): Promise<readonly Hit[]> {
  const query = new URLSearchParams({
    q: words.slice(0, TEXT_LIMIT),
    submitted: String(finished),
    ...(team === null ? {} : { team }),
  });
  return (await getJson<{ readonly hits: readonly Hit[] }>(`/api/knowledge/search?${query}`)).hits;
}

export async function suggestArticles(text: string, team: string | null): Promise<readonly Hit[]> {
  // What was said last tells most.
  const query = new URLSearchParams({
    text: text.slice(-TEXT_LIMIT),
    ...(team === null ? {} : { team }),
  });
  return (await getJson<{ readonly hits: readonly Hit[] }>(`/api/knowledge/suggest?${query}`)).hits;
}

export function readArticle(id: string, callId: string | null): Promise<Article> {
  const query = callId === null ? "" : `?call_id=${encodeURIComponent(callId)}`;
  return getJson<Article>(`/api/knowledge/${encodeURIComponent(id)}${query}`);
}
