/** Asks about single pixels, takes the answers, and shows what the head has learned from them. */

import { Hono } from 'hono';
import { z } from 'zod';
import type { ServerContext } from '../context.js';
import { validated } from '../errors/validated.js';
import { Clicks, type ClicksOptions } from '../learner/clicks.js';
import { labelPicture } from '../pictures/label-picture.js';

const origin = z.string().max(100).nullable().default(null);
const answer = z.strictObject({
  image: z.string().min(1),
  x: z.int().nonnegative(),
  y: z.int().nonnegative(),
  class: z.string().min(1).nullable(),
  seconds: z.number().nonnegative().optional(),
  origin,
});

/** Makes the routes of the questions. */
export function clicksRoutes(context: ServerContext, options: ClicksOptions = {}) {
  const clicks = new Clicks(context, options);
  return new Hono()
    .get('/', async (call) => {
      const { classes } = await context.dataset();
      return call.json({ ...clicks.state, split: context.workspace.split, classes });
    })
    .post('/start', (call) => {
      clicks.start();
      return call.json({ phase: clicks.state.phase }, 202);
    })
    .post('/answers', validated('json', answer), async (call) => {
      const { seconds, origin: tab, ...given } = call.req.valid('json');
      const line = await clicks.answer(given, { seconds, origin: tab });
      return call.json({ line, questions: clicks.state.questions }, 201);
    })
    .post('/undo', validated('json', z.strictObject({ origin })), (call) =>
      call.json({ question: clicks.undo(call.req.valid('json')) }, 201),
    )
    .get(
      '/prediction',
      validated('query', z.object({ image: z.string().min(1), generation: z.string().optional() })),
      async (call) => {
        const { classes } = await context.dataset();
        const { columns, rows, labels } = await clicks.predict(call.req.valid('query').image);
        const map = { width: columns, height: rows, labels };
        const png = await labelPicture(map, { classes, form: 'colors' });
        return call.body(new Uint8Array(png), 200, { 'content-type': 'image/png' });
      },
    );
}
