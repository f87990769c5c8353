/** Answers questions through the calls of the page, with the process that learns. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configToYaml } from 'coarsely/config';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createContext, type ServerContext } from '#server/context.js';
import type { Question } from '#server/learner/answer.js';
import type { ClicksState } from '#server/learner/clicks.js';
import { clicksRoutes } from '#server/routes/clicks.js';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';
import { temporaryFolder, viewWorkspace } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
let playground: Playground;
let context: ServerContext;
let routes: ReturnType<typeof clicksRoutes>;
beforeAll(async () => {
  playground = await createQuickPlayground();
  const config = join(folder, 'clicks.yaml');
  writeFileSync(config, configToYaml(quickConfig(playground.root)));
  context = createContext(viewWorkspace(folder, { dataset: playground.root }));
  routes = clicksRoutes(context, { config, answersPerTraining: 2 });
});
afterAll(async () => {
  await context.close();
  await playground.remove();
  remove();
});

async function stateNow(): Promise<ClicksState> {
  return (await (await routes.request('/')).json()) as ClicksState;
}

async function stateWhen(holds: (state: ClicksState) => boolean): Promise<ClicksState> {
  for (;;) {
    const state = await stateNow();
    if (state.phase === 'failed') throw new Error(String(state.error));
    if (holds(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function post(path: string, body: unknown) {
  const headers = { 'content-type': 'application/json' };
  return routes.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

test('answers are lines of the journal, the head learns from them, and undo asks again', async () => {
  expect((await routes.request('/start', { method: 'POST' })).status).toBe(202);
  const { questions, head } = await stateWhen(({ phase }) => phase === 'ready');
  expect(questions).toHaveLength(10);
  const [first, second] = questions as [Question, Question];
  for (const { image, x, y, suggested } of questions.slice(0, 2)) {
    const answered = await post('/answers', { image, x, y, class: suggested, seconds: 2 });
    expect(answered.status).toBe(201);
  }
  expect(context.journal.lines()).toMatchObject([
    {
      action: 'point',
      x: first.x,
      y: first.y,
      class: first.suggested,
      by: 'test',
      seconds: 2,
    },
    { action: 'point', x: second.x, y: second.y, class: second.suggested },
  ]);
  const next = await stateWhen(({ head: now }) => (now?.generation ?? 0) > (head?.generation ?? 0));
  expect(next).toMatchObject({ answers: 2, meanSeconds: 2, head: { points: 2 } });
  const picture = await routes.request(`/prediction?image=${first.image}`);
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
  const { question } = (await (await post('/undo', {})).json()) as { question: Question };
  expect(question).toMatchObject({ image: second.image, x: second.x, y: second.y });
  const after = await stateNow();
  expect(after.answers).toBe(1);
  expect(after.questions[0]).toMatchObject({ x: second.x, y: second.y });
});
