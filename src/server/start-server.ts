/** Starts the server of the local page. */

import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { createApi } from './api.js';
import type { Workspace } from './workspace.js';

/** Says where a running server is, and ends it. */
export interface ViewServer {
  /** Is the address to open in a browser. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server on this machine alone; with port 0 on a free port. */
export async function startServer(
  workspace: Workspace,
  { port = 0 }: { readonly port?: number } = {},
): Promise<ViewServer> {
  const app = new Hono()
    .route('/api', createApi(workspace))
    .use('*', serveStatic({ root: new URL('../web/', import.meta.url).pathname }));
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
      resolve({
        url: `http://127.0.0.1:${address.port}/`,
        close: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}
