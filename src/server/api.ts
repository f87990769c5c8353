/** Puts the routes of the views together. Their types are those of the page's calls. */

import { Hono } from 'hono';
import type { ServerContext } from './context.js';
import { answerErrors, type ReportFault } from './errors/answer-error.js';
import { clicksRoutes } from './routes/clicks.js';
import { dataRoutes } from './routes/data.js';
import { eventRoutes } from './routes/events.js';
import { jobRoutes } from './routes/jobs.js';
import { pictureRoutes } from './routes/pictures.js';
import { reviewRoutes } from './routes/review.js';
import { runRoutes } from './routes/runs.js';
import { workspaceRoutes } from './routes/workspace.js';

/** Makes the routes under `/api`. */
export function createApi(
  context: ServerContext,
  { reportFault = (text) => process.stderr.write(text) }: { readonly reportFault?: ReportFault } = {},
) {
  const api = new Hono()
    .route('/workspace', workspaceRoutes(context))
    .route('/events', eventRoutes(context))
    .route('/jobs', jobRoutes(context))
    .route('/pictures', pictureRoutes(context))
    .route('/data', dataRoutes(context))
    .route('/review', reviewRoutes(context))
    .route('/runs', runRoutes(context))
    .route('/clicks', clicksRoutes(context));
  api.onError(answerErrors(reportFault));
  api.notFound((call) => call.json({ error: `there is no call ${call.req.method} ${call.req.path}` }, 404));
  return api;
}

/** Is the type from which the page derives its calls. */
export type Api = ReturnType<typeof createApi>;
