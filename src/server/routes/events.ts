/** Sends what happens to an open page, as server-sent events. */

import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { ServerContext } from '../context.js';
import type { EventHub } from '../event-hub.js';

/** Shows browsers and everything between that the connection lives. */
const heartbeatMilliseconds = 10_000;
/** Is how long a browser waits before it connects again. */
const retryMilliseconds = 1000;

/** Makes the route of the events. The first one, `hello`, names the version of the page that the server has. */
export function eventRoutes({ events, pageVersion }: ServerContext) {
  return new Hono().get('/', (context) =>
    streamSSE(context, async (stream) => {
      const data = JSON.stringify({ version: pageVersion });
      await stream.writeSSE({ event: 'hello', data, retry: retryMilliseconds });
      await sendEvents(stream, events);
    }),
  );
}

/** Sends events until the reader is gone or the server ends. */
function sendEvents(stream: SSEStreamingApi, events: EventHub): Promise<void> {
  return new Promise((done) => {
    const send = (event: string, data: unknown) =>
      void stream.writeSSE({ event, data: JSON.stringify(data) });
    const heartbeat = setInterval(() => send('beat', null), heartbeatMilliseconds);
    const end = () => {
      stopListening();
      clearInterval(heartbeat);
      done();
    };
    const stopListening = events.listen((event) => send(event.type, event), { onEnd: end });
    stream.onAbort(end);
  });
}
