/** Starts, lists and ends the commands that run for the page. */

import { Hono } from 'hono';
import { z } from 'zod';
import type { ServerContext } from '../context.js';
import { NotFoundError, RequestError } from '../errors/server-error.js';
import { validated } from '../errors/validated.js';
import { jobKinds } from '../jobs/job-kinds.js';
import { commandOf, type NewJob } from '../jobs/job-queue.js';
import type { Workspace } from '../workspace.js';

const newJob = z.strictObject({ kind: z.string(), options: z.record(z.string(), z.unknown()).default({}) });
const lineCount = z.object({ lines: z.coerce.number().int().min(1).max(1000).default(200) });

/** Makes the routes of the jobs. */
export function jobRoutes({ jobs, workspace }: ServerContext) {
  return new Hono()
    .get('/', (context) => context.json({ jobs: jobs.list() }))
    .post('/', validated('json', newJob), (context) =>
      context.json({ job: jobs.start(jobOf(context.req.valid('json'), workspace)) }, 201),
    )
    .post('/command', validated('json', newJob), (context) => {
      const { title, arguments: given } = jobOf(context.req.valid('json'), workspace);
      return context.json({ title, command: commandOf(given) });
    })
    .get('/:id', validated('query', lineCount), async (context) => {
      const { id } = context.req.param();
      const { lines: count } = context.req.valid('query');
      return context.json({ job: jobs.get(id), lines: await jobs.lastLines(id, { count }) });
    })
    .post('/:id/cancel', (context) => context.json({ job: jobs.cancel(context.req.param('id')) }));
}

function jobOf({ kind, options }: z.output<typeof newJob>, workspace: Workspace): NewJob {
  const found = Object.hasOwn(jobKinds, kind) ? jobKinds[kind] : undefined;
  if (found === undefined) throw new NotFoundError(`there is no job of the kind '${kind}'`);
  const parsed = found.options.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RequestError(`options.${issue?.path.join('.')}: ${issue?.message}`);
  }
  return { kind, title: found.title, arguments: found.arguments(workspace, parsed.data) };
}
