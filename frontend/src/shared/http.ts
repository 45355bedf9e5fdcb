// JSON over HTTP with the CSRF token; refusals become errors with a sentence for a person.

import { t } from "./i18n";

interface Refusal {
  readonly error?: string;
  readonly message?: string;
  readonly field?: string | null;
}

/** The server said no. `message` is already in the reader's language. `status` 0: no answer. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null,
    readonly body: unknown,
  ) {
    super(message);
  }
}

export function getJson<T>(address: string, signal?: AbortSignal): Promise<T> {
  return request<T>(address, { ...(signal === undefined ? {} : { signal }) });
}

export function sendJson<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  address: string,
  body: unknown,
): Promise<T> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  return request<T>(address, {
    method,
    headers: { "content-type": "application/json", "x-csrf-token": token },
    body: JSON.stringify(body),
  });
}

async function request<T>(address: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address, {
      credentials: "same-origin",
      ...init,
      headers: { accept: "application/json", ...init.headers },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new HttpError(0, "unreachable", t("无法连接服务器，请稍后重试"), null, null);
  }
  const text = await answer.text();
  const body: unknown = text === "" ? null : parse(text);
  if (!answer.ok) {
    const refusal = (typeof body === "object" && body !== null ? body : {}) as Refusal;
    throw new HttpError(
      answer.status,
      refusal.error ?? "error",
      refusal.message ?? t("服务器未能完成操作，请稍后重试"),
      refusal.field ?? null,
      body,
    );
  }
  return body as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
