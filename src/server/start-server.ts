/** Starts the server of the local page. */

import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { ConfigError } from '../errors/index.js';
import { isSystemError } from '../files/index.js';
import { createApp } from './app.js';
import { createContext } from './context.js';
import { openPage } from './page-files.js';
import { readIdentity, writeIdentity } from './security/server-identity.js';
import { watchFiles } from './watch-files.js';
import type { Workspace } from './workspace.js';

/** Says where a running server is, and ends it. */
export interface ViewServer {
  /** Is the address to open in a browser, with the token. */
  readonly url: string;
  readonly port: number;
  /** Ends the server and the jobs that it started; runs that train go on. */
  close(): Promise<void>;
}

/** Configures `startServer`. */
export interface StartServerOptions {
  /** Is the port; null takes the one of the last time when it is free, and else any that is free. */
  readonly port?: number | null;
  /** Names the folder of the built page; by default that of the package. */
  readonly pageFolder?: string;
}

/**
 * Starts a server on this machine alone. Its token and port are those of the workspace's last server, so that a page that is
 * open still works.
 *
 * @throws {ConfigError} when the port is in use or not allowed
 * @throws {FileError} when the page was not built
 */
export async function startServer(
  workspace: Workspace,
  { port: wanted = null, pageFolder }: StartServerOptions = {},
): Promise<ViewServer> {
  const page = openPage(pageFolder);
  const identity = readIdentity(workspace.cache);
  const { token } = identity;
  // Calls that come before the port is known are refused, as no host fits.
  let port = -1;
  const guard = { token, port: () => port };
  const context = createContext(workspace, { pageVersion: page.version });
  const app = createApp(context, { guard, page });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: '127.0.0.1' }) as Server;
  try {
    port = await listen(server, wanted === null ? [identity.port, 0] : [wanted]);
    writeIdentity(workspace.cache, { token, port });
  } catch (error) {
    await context.close();
    throw error;
  }
  const endWatching = watchFiles(context);
  return {
    url: `http://127.0.0.1:${port}/?token=${token}`,
    port,
    close: async () => {
      endWatching();
      await context.close();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    },
  };
}

/** Listens on the first port that is free and returns it. */
async function listen(server: Server, ports: readonly number[]): Promise<number> {
  const [port = 0, ...others] = ports;
  try {
    return await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (others.length > 0) return listen(server, others);
    if (error.code === 'EADDRINUSE') {
      throw new ConfigError(
        `port ${port}: is in use, perhaps by another coarsely view; leave --port out for one that is free`,
      );
    }
    throw new ConfigError(
      `port ${port}: this user may not listen there (${error.code}); choose one from 1024 on`,
    );
  }
}
