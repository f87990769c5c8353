/** Puts the routes of the views together. Their types are those of the page's calls. */

import { Hono } from 'hono';
import { workspaceRoutes } from './routes/workspace.js';
import type { Workspace } from './workspace.js';

/** Makes the routes under `/api`. */
export function createApi(workspace: Workspace) {
  return new Hono().route('/workspace', workspaceRoutes(workspace));
}

/** Is the type from which the page derives its calls. */
export type Api = ReturnType<typeof createApi>;
