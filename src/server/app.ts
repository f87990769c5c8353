/** Puts the server together: its guard, the routes of the views, and the files of the page. */

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createApi } from './api.js';
import type { ServerContext } from './context.js';
import type { ReportFault } from './errors/answer-error.js';
import type { PageFiles } from './page-files.js';
import { type Guard, guardCalls } from './security/guard.js';
import { setHeaders } from './security/headers.js';

/** Limits what a call may bring: a large drawing has a few thousand corners. */
const mostBodyBytes = 4 * 2 ** 20;

/** Configures the server. */
export interface AppOptions {
  readonly guard: Guard;
  readonly page: PageFiles;
  readonly reportFault?: ReportFault;
}

/** Makes the server of the page. */
export function createApp(context: ServerContext, { guard, page, reportFault }: AppOptions): Hono {
  const api = createApi(context, { ...(reportFault && { reportFault }) });
  return new Hono()
    .use('*', setHeaders())
    .use('*', guardCalls(guard))
    .use('/api/*', async (call, next) => {
      await next();
      if (!call.res.headers.has('cache-control')) call.res.headers.set('cache-control', 'no-store');
    })
    .use(
      '/api/*',
      bodyLimit({
        maxSize: mostBodyBytes,
        onError: (call) =>
          call.json(
            { error: `the call brings more than ${mostBodyBytes / 2 ** 20} MiB, which nothing here needs` },
            413,
          ),
      }),
    )
    .route('/api', api)
    .route('/', page.routes)
    .notFound((call) => call.text('There is no such page.\n', 404));
}
