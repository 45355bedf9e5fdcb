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

export interface FieldSpec {
  readonly name: string;
  readonly zh: string;
  readonly en: string;
  readonly hint_zh: string;
  readonly hint_en: string;
  readonly max_length: number;
}

export interface Category {
  readonly category_id: string;
  readonly zh: string;
  readonly en: string;
  readonly parent: string | null;
  readonly team: string;
  readonly required: readonly string[];
  readonly usual_type: string | null;
  readonly leaf: boolean;
  readonly keywords: readonly string[];
}

export interface Named {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
}

/** Everything the form needs to know once. */
export interface FormBook {
  readonly categories: readonly Category[];
  readonly fields: readonly FieldSpec[];
  readonly districts: readonly Named[];
  readonly targets: readonly Named[];
}

export interface Authorities {
  readonly suggested: readonly Named[];
  readonly everybody: readonly Named[];
}

export interface Filed {
  readonly number: string;
  readonly state: string;
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
  return sendJson<Draft>("POST", "/api/drafts", { call_id: callId, team });
}

export function readDraft(id: string): Promise<Draft> {
  return getJson<Draft>(`/api/drafts/${encodeURIComponent(id)}`);
}

export async function openDrafts(): Promise<readonly Draft[]> {
  return getJson<readonly Draft[]>("/api/drafts");
}

export function fileDraft(draft: Draft, fields: Values): Promise<Filed> {
  return sendJson<Filed>("POST", "/api/cases", { draft_id: draft.draft_id, fields });
}

// --- reference ------------------------------------------------------------------------------

export function loadFormBook(): Promise<FormBook> {
  return getJson<FormBook>("/api/categories");
}

export async function guessCategories(text: string, team: string | null): Promise<readonly string[]> {
  const query = new URLSearchParams({ text, ...(team === null ? {} : { team }) });
  const found = await getJson<readonly { readonly category_id: string }[]>(`/api/categories/guess?${query}`);
  return found.map((each) => each.category_id);
}

export function authoritiesFor(category: string, district: string): Promise<Authorities> {
  const query = new URLSearchParams({ category, district });
  return getJson<Authorities>(`/api/categories/authorities?${query}`);
}

// --- knowledge ------------------------------------------------------------------------------

export async function searchArticles(words: string, team: string | null): Promise<readonly Hit[]> {
  const query = new URLSearchParams({ q: words, ...(team === null ? {} : { team }) });
  return (await getJson<{ readonly hits: readonly Hit[] }>(`/api/knowledge/search?${query}`)).hits;
}

export async function suggestArticles(text: string, team: string | null): Promise<readonly Hit[]> {
  const query = new URLSearchParams({ text, ...(team === null ? {} : { team }) });
  return (await getJson<{ readonly hits: readonly Hit[] }>(`/api/knowledge/suggest?${query}`)).hits;
}

export function readArticle(id: string, callId: string | null): Promise<Article> {
  const query = callId === null ? "" : `?call_id=${encodeURIComponent(callId)}`;
  return getJson<Article>(`/api/knowledge/${encodeURIComponent(id)}${query}`);
}
