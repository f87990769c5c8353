import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError, DataError } from 'coarsely/errors';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApi } from '#server/api.js';
import { createContext, type ServerContext } from '#server/context.js';
import { answerErrors } from '#server/errors/answer-error.js';
import { ConflictError } from '#server/errors/server-error.js';
import type { ServerEvent } from '#server/event-hub.js';
import { FileWatch } from '#server/watch-files.js';
import { temporaryFolder, viewWorkspace, writeSmallDataset } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
let context: ServerContext;

beforeAll(async () => {
  await writeSmallDataset(join(folder, 'data'));
  mkdirSync(join(folder, 'runs/one'), { recursive: true });
  context = createContext(viewWorkspace(folder), { pageVersion: 'v1' });
});
afterAll(async () => {
  await context.close();
  remove();
});

it('an open page hears the version of the page and then each event, until the server ends', async () => {
  const other = createContext(viewWorkspace(folder, { cache: join(folder, 'other') }), { pageVersion: 'v1' });
  const response = await createApi(other).request('/events');
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const readUntil = async (part: string) => {
    while (!text.includes(part)) text += decoder.decode((await reader.read()).value);
  };
  await readUntil('{"version":"v1"}\n');
  expect(text).toContain('event: hello');
  while (other.events.listenerCount === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  other.events.publish({ type: 'run', run: 'one' });
  await readUntil('event: run\ndata: {"type":"run","run":"one"}\n');
  await other.close();
  while (!(await reader.read()).done);
  expect(other.events.listenerCount).toBe(0);
});

it('files that change under the page are told', async () => {
  const told: ServerEvent[] = [];
  const end = context.events.listen((event) => told.push(event));
  const watch = new FileWatch(context);
  // A run of an experiment lies one folder deeper; both are told by the names of the list.
  mkdirSync(join(folder, 'runs/table/two'), { recursive: true });
  for (const run of ['one', 'table/two']) writeFileSync(join(folder, 'runs', run, 'config.yaml'), '');
  const look = async () => {
    await watch.look();
    return told.splice(0);
  };
  expect(await look()).toEqual([]);
  expect(await look()).toEqual([]);
  writeFileSync(join(folder, 'runs/one/metrics.jsonl'), '{}\n');
  expect(await look()).toEqual([{ type: 'run', run: 'one' }]);
  appendFileSync(join(folder, 'runs/one/metrics.jsonl'), '{}\n');
  expect(await look()).toEqual([{ type: 'run', run: 'one' }]);
  writeFileSync(join(folder, 'runs/table/two/metrics.jsonl'), '{}\n');
  expect(await look()).toEqual([{ type: 'run', run: 'table/two' }]);
  mkdirSync(join(folder, 'runs/audit-data'));
  writeFileSync(join(folder, 'runs/audit-data/audit.json'), '{}');
  expect(await look()).toContainEqual({ type: 'audit' });
  const before = await context.dataset();
  rmSync(join(folder, 'data/images/train/a.png'));
  rmSync(join(folder, 'data/coarse/train/a.png'));
  rmSync(join(folder, 'data/fine/train/a.png'));
  expect(await look()).toEqual([{ type: 'dataset' }]);
  const after = await context.dataset();
  expect((await before.images('train')).length + (await after.images('train')).length).toBe(4);
  end();
});

it('errors become a status and a sentence, and never a stack', async () => {
  const faults: string[] = [];
  const app = new Hono()
    .get('/data', () => Promise.reject(new DataError('a.png: is empty')))
    .get('/run', () => Promise.reject(new CheckpointError('runs/a: is damaged')))
    .get('/conflict', () => Promise.reject(new ConflictError('another tab decided it')))
    .get('/fault', () => Promise.reject(new TypeError('x is not a function')))
    .onError(answerErrors((text) => faults.push(text)));
  const answers: unknown[] = [];
  for (const path of ['/data', '/run', '/conflict', '/fault']) {
    const response = await app.request(path);
    answers.push([response.status, await response.json()]);
  }
  expect(answers).toEqual([
    [409, { error: 'a.png: is empty' }],
    [409, { error: 'runs/a: is damaged' }],
    [409, { error: 'another tab decided it' }],
    [500, { error: 'a fault of the program: x is not a function; the terminal says more' }],
  ]);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain('GET /fault: TypeError: x is not a function');
});
