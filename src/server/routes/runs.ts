/** Lists runs, says what a report shows of them, and stops them. */

import { Hono } from 'hono';
import { z } from 'zod';
import { ConfigError } from '../../errors/index.js';
import { stopTraining } from '../../runs/internal.js';
import type { ServerContext } from '../context.js';
import { ConflictError } from '../errors/server-error.js';
import { validated } from '../errors/validated.js';
import { RunExamples } from '../runs/examples.js';
import { RunList } from '../runs/list-runs.js';
import { RunCache, resourcesOf } from '../runs/run-cache.js';
import { findRun, findRuns } from '../runs/run-folders.js';
import { runStatus } from '../runs/run-state.js';

const part = z.object({
  from: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(1).max(500).default(100),
});
const runName = z.string().min(1).max(500);
/** Charts have colors for this many runs. */
const mostCompared = 12;
const compared = z.object({
  run: z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(runName).min(1).max(mostCompared),
  ),
});
const exampleQuery = z.object({ run: runName, count: z.coerce.number().int().min(1).max(12).default(4) });

/** Makes the routes of the runs. */
export function runRoutes(context: ServerContext) {
  const { workspace, events } = context;
  const list = new RunList();
  const cache = new RunCache();
  const examples = new RunExamples(context);
  return new Hono()
    .get('/', validated('query', part), async (call) => {
      const { from, count } = call.req.valid('query');
      const found = (await findRuns(workspace.runs))
        .map((run) => ({ run, changed: RunList.changed(run) }))
        .toSorted((a, b) => b.changed - a.changed)
        .map(({ run }) => run);
      const runs = list.describe(found.slice(from, from + count));
      return call.json({ folders: workspace.runs, total: found.length, from, runs });
    })
    .get('/report', validated('query', compared), async (call) => {
      const names = [...new Set(call.req.valid('query').run)];
      const found = await Promise.all(names.map((name) => findRun(name, workspace)));
      const runs = found.map(({ name, folder }) => {
        const run = cache.read(folder);
        const report = cache.report(folder, name);
        const status = runStatus(folder, {
          lastCheckpoint: run.lastCheckpoint,
          iterations: report.iterations,
        });
        return { name, report, resources: resourcesOf(run), ...status };
      });
      return call.json({ runs });
    })
    .get('/examples', validated('query', exampleQuery), async (call) => {
      const { run: name, count } = call.req.valid('query');
      return call.json(await examples.of(await findRun(name, workspace), { count }));
    })
    .post('/stop', validated('json', z.strictObject({ run: runName })), async (call) => {
      const { run: name } = call.req.valid('json');
      const { folder } = await findRun(name, workspace);
      try {
        stopTraining(folder);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        throw new ConflictError(error.message);
      }
      events.publish({ type: 'run', run: name });
      return call.json({ run: name, stopping: true }, 202);
    });
}
