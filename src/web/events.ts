/**
 * Hears what happens on the server. An event says that something changed, and a view then asks again for what it shows;
 * after a break it hears of everything, as events may have been missed.
 */

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ServerEvent } from '../server/event-hub.js';

/** Names a kind of event. */
export type ServerEventType = ServerEvent['type'];

type EventOf<Type extends ServerEventType> = Extract<ServerEvent, { readonly type: Type }>;

/** Is called with an event, or with null when the connection was lost for a while and anything may have changed. */
export type EventHandler<Type extends ServerEventType> = (event: EventOf<Type> | null) => void;

/** Tells whether the server is there: `connecting` at first, and `lost` while it does not answer. */
export const connection = signal<'connecting' | 'open' | 'lost'>('connecting');

const types = [
  'run',
  'job',
  'dataset',
  'statistics',
  'check',
  'audit',
  'journal',
  'head',
] as const satisfies readonly ServerEventType[];
const handlers = new Map<ServerEventType, Set<(event: never) => void>>(
  types.map((type) => [type, new Set()]),
);
let version: string | null = null;

/** Calls `handler` for each event of a type, and after a break of the connection; returns a function that ends this. */
export function onServerEvent<Type extends ServerEventType>(
  type: Type,
  handler: EventHandler<Type>,
): () => void {
  const heard = handler as (event: never) => void;
  handlers.get(type)?.add(heard);
  return () => handlers.get(type)?.delete(heard);
}

/** Calls `handler` for each event of a type while the component is shown. */
export function useServerEvent<Type extends ServerEventType>(type: Type, handler: EventHandler<Type>): void {
  useEffect(() => onServerEvent(type, handler));
}

/** Connects to the server, and again whenever the connection breaks. */
export function listenToServer(): void {
  const source = new EventSource('/api/events');
  source.addEventListener('hello', ({ data }) => greet(JSON.parse(data) as { readonly version: string }));
  for (const type of types) {
    source.addEventListener(type, ({ data }) => tell(type, JSON.parse(data) as ServerEvent));
  }
  source.addEventListener('error', () => {
    connection.value = 'lost';
    // A browser connects again by itself, unless it was refused.
    if (source.readyState === EventSource.CLOSED) setTimeout(listenToServer, 2000);
  });
}

function greet({ version: served }: { readonly version: string }): void {
  if (version !== null && version !== served) {
    // The server was started again from another build; this page may not fit it.
    location.reload();
    return;
  }
  const isBack = connection.value === 'lost';
  version = served;
  connection.value = 'open';
  if (isBack) for (const type of types) tell(type, null);
}

function tell(type: ServerEventType, event: ServerEvent | null): void {
  for (const handler of [...(handlers.get(type) ?? [])])
    (handler as (event: ServerEvent | null) => void)(event);
}
