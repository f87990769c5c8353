/** Says what the page shows. */

import { basename } from 'node:path';
import { Hono } from 'hono';
import type { ServerContext } from '../context.js';

/** Makes the routes that say what the page shows: the workspace, and the dataset with its classes and splits. */
export function workspaceRoutes({ workspace, dataset }: ServerContext) {
  return new Hono()
    .get('/', (context) => {
      const { dataset, labels, split, by, runs } = workspace;
      return context.json({
        dataset: dataset === null ? null : { name: basename(dataset), labels, split },
        runs: runs.map((run) => basename(run)),
        by,
      });
    })
    .get('/dataset', async (context) => {
      const opened = await dataset();
      const splits = opened.splits.map(async (name) => ({ name, labels: await opened.labelKinds(name) }));
      return context.json({
        name: opened.name,
        classes: opened.classes,
        splits: await Promise.all(splits),
        labels: workspace.labels,
        split: workspace.split,
      });
    });
}
