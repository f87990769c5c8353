/** Calls the server. Its routes give the types, so a call that the server does not know does not compile. */

import { type Signal, signal } from '@preact/signals';
import { hc } from 'hono/client';
import type { Api } from '../server/api.js';

/** Calls the routes of the server under `/api`. */
export const api = hc<Api>('/api');

/** Holds what a call returned, or why it failed; both are null while it is under way. */
export interface Loaded<Data> {
  readonly data: Data | null;
  /** Says in a sentence what failed. */
  readonly error: string | null;
}

interface JsonResponse<Data> {
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<Data>;
}

/** Is thrown when the server refuses a call or cannot be reached; the message is a sentence for the reader. */
class CallError extends Error {}

/**
 * Awaits a call and returns its JSON.
 *
 * @throws {CallError} when the server cannot be reached or answers with an error
 */
export async function call<Data>(request: Promise<JsonResponse<Data>>): Promise<Data> {
  let response: JsonResponse<Data>;
  try {
    response = await request;
  } catch {
    throw new CallError('the server does not answer; is `coarsely view` still running?');
  }
  if (response.ok) return response.json();
  const { error } = (await response.json().catch(() => ({}))) as { readonly error?: string };
  throw new CallError(error ?? `the server answered with status ${response.status}`);
}

/** Starts a call and returns a signal with its result. */
export function load<Data>(request: () => Promise<JsonResponse<Data>>): Signal<Loaded<Data>> {
  const loaded = signal<Loaded<Data>>({ data: null, error: null });
  call(request()).then(
    (data) => {
      loaded.value = { data, error: null };
    },
    (error: unknown) => {
      loaded.value = { data: null, error: error instanceof Error ? error.message : String(error) };
    },
  );
  return loaded;
}
