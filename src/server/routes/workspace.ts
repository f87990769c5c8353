/** Says what the page shows. */

import { basename } from 'node:path';
import { Hono } from 'hono';
import type { Workspace } from '../workspace.js';

/** Makes the routes that say what the page shows. */
export function workspaceRoutes({ dataset, labels, split, by }: Workspace) {
  return new Hono().get('/', (context) =>
    context.json({ dataset: dataset === null ? null : { name: basename(dataset), labels, split }, by }),
  );
}
