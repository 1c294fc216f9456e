import type { ErrorBody } from "./model.ts";

/** What an API call came to when it did not come to an answer. */
export class ApiError extends Error {
  kind: string;
  status: number;
  caret: string | undefined;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.kind = body.kind;
    this.status = status;
    this.caret = body.caret;
  }
}

export type Params = Record<string, string | number | boolean | null | undefined>;

/** Which bus is looked at: `bus`, or the id of a replay. */
let source = "bus";
export const sourceNow = () => source;
export function lookAt(next: string) {
  source = next;
}

export function query(params: Params): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return text === "" ? "" : `?${text}`;
}

/** Relative, so that a page that is nested below another path asks its own API. */
export function address(path: string, params: Params = {}): string {
  return `api/${path}${query(source === "bus" ? params : { ...params, source })}`;
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, {
      kind: "unreachable",
      message: "The program does not answer. It has ended, or the way to it is broken.",
    });
  }
  if (answer.status === 204) return undefined as T;
  const body = (await answer.json().catch(() => null)) as (T & { error?: ErrorBody }) | null;
  if (answer.ok && body !== null) return body;
  if (answer.status === 401) {
    throw new ApiError(401, {
      kind: "token",
      message: "This inspector lets in who has its token: open the address that the program printed.",
    });
  }
  const error = body?.error ?? { kind: "broken", message: `The server answers ${answer.status} and nothing that is understood.` };
  throw new ApiError(answer.status, error);
}

export function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return ask<T>(address(path, params), signal ? { signal } : {});
}

/** Of what is told of the whole inspector, and of no source of it. */
export function getWhole<T>(path: string): Promise<T> {
  return ask<T>(`api/${path}`, {});
}

export function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { "content-type": "application/json" };
  return ask<T>(`api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

export function remove(path: string): Promise<void> {
  return ask<void>(`api/${path}`, { method: "DELETE" });
}
