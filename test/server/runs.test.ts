/** The page lists runs with what they do, and shows of them what a report does. */

import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readReportRuns } from '#report/read-report-run.js';
import { RunFollower } from '#runs/run-follower.js';
import { readRun } from '#runs/run-reader.js';
import { createApi } from '#server/api.js';
import { createContext } from '#server/context.js';
import { writeDataset, writeRun } from '../report/synthetic-run.js';
import { temporaryFolder, viewWorkspace } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
const runs = join(folder, 'runs');
const root = join(folder, 'data');
const context = createContext(viewWorkspace(folder));
const api = createApi(context);

beforeAll(async () => {
  await writeDataset(root);
  mkdirSync(join(runs, 'tables'), { recursive: true });
  writeRun(join(runs, 'arm'), { name: 'arm', root, reweighter: { kind: 'arm' } });
  writeRun(join(runs, 'tables/plain'), { name: 'plain', root, scores: [0.1, 0.2] });
  writeRun(join(runs, 'lost'), { name: 'lost', root, checkpoint: false });
  mkdirSync(join(runs, 'damaged'));
  writeFileSync(join(runs, 'damaged/config.yaml'), '- no keys\n');
  mkdirSync(join(folder, 'elsewhere'));
  writeRun(join(folder, 'elsewhere/secret'), { name: 'secret', root, checkpoint: false });
  symlinkSync(join(folder, 'elsewhere/secret'), join(runs, 'link'));
});
afterAll(async () => {
  await context.close();
  remove();
});

async function get<Answer>(path: string): Promise<Answer> {
  const response = await api.request(path);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json() as Promise<Answer>;
}

interface Listed {
  readonly name: string;
  readonly activity: string;
  readonly problem: string | null;
}

test('lists the runs of a folder and one deeper, each with its state', async () => {
  const { total, runs: listed } = await get<{ total: number; runs: Listed[] }>('/runs');
  expect(total).toBe(5);
  const byName = new Map(listed.map((one) => [one.name, one]));
  expect(byName.get('arm')).toMatchObject({
    activity: 'finished',
    step: 100,
    iterations: 100,
    mIoU: 0.3522,
    loss: 0.02,
    problem: null,
    process: null,
  });
  expect(byName.get('tables/plain')).toMatchObject({ activity: 'finished', mIoU: 0.2, title: 'plain' });
  // Its lines go on after its last checkpoint, of which there is none.
  expect(byName.get('lost')).toMatchObject({ activity: 'crashed', step: 100 });
  expect(byName.get('damaged')?.problem).toContain('config.yaml: is damaged');
});

test('lists runs in parts, the last changed first', async () => {
  const all = await get<{ runs: Listed[] }>('/runs');
  const second = await get<{ total: number; runs: Listed[] }>('/runs?from=1&count=1');
  expect(second).toMatchObject({ total: 5, runs: [{ name: all.runs[1]?.name }] });
  expect((await api.request('/runs?count=100000')).status).toBe(400);
});

test('a run that a process trains is training, and one whose process was killed has crashed', async () => {
  const lock = join(runs, 'lost/run.lock');
  writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), started: null }));
  const stateOf = async () =>
    (await get<{ runs: Listed[] }>('/runs')).runs.find(({ name }) => name === 'lost');
  expect(await stateOf()).toMatchObject({
    activity: 'training',
    process: { pid: process.pid, onThisMachine: true },
  });
  writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }));
  expect(await stateOf()).toMatchObject({ activity: 'crashed', process: null });
  rmSync(lock);
});

test('shows of runs what their report shows', async () => {
  const answer = await get<{ runs: { report: unknown; resources: unknown }[] }>(
    '/runs/report?run=arm&run=tables/plain',
  );
  const expected = readReportRuns([join(runs, 'arm'), join(runs, 'tables/plain')]);
  const [arm, plain] = answer.runs.map(({ report }) => report);
  expect(arm).toEqual(JSON.parse(JSON.stringify({ ...expected[0], label: 'arm' })));
  expect(plain).toEqual(JSON.parse(JSON.stringify({ ...expected[1], label: 'tables/plain' })));
  expect(answer.runs[0]).toMatchObject({ activity: 'finished', name: 'arm' });
});

test('lines that training adds are there at the next call, with memory and waiting', async () => {
  const path = '/runs/report?run=lost';
  type Answer = { runs: { report: { lastStep: number; loss: { steps: number[] } }; resources: unknown }[] };
  expect((await get<Answer>(path)).runs[0]?.report.lastStep).toBe(100);
  const file = join(runs, 'lost/metrics.jsonl');
  const train = { step: 110, split: 'train', values: { loss: 1, mainLoss: 0.5, learningRate: 0.1 } };
  const values = { peakTensorBytes: 1000, residentBytes: 5000, dataWaitShare: 0.25 };
  appendFileSync(
    file,
    `${JSON.stringify(train)}\n${JSON.stringify({ step: 110, split: 'memory', values })}\n{"st`,
  );
  const [run] = (await get<Answer>(path)).runs;
  expect(run?.report).toMatchObject({ lastStep: 110 });
  expect(run?.report.loss.steps.at(-1)).toBe(110);
  expect(run?.resources).toEqual({
    steps: [110],
    peakTensorBytes: [1000],
    residentBytes: [5000],
    dataWaitShare: [0.25],
  });
});

test('a follower returns what a reader does, also after a torn line is completed and after the file was cut', () => {
  const path = join(runs, 'followed');
  writeRun(path, { name: 'followed', root, checkpoint: false });
  const file = join(path, 'metrics.jsonl');
  const follower = new RunFollower(path);
  expect(follower.read()).toEqual(readRun(path));
  const line = JSON.stringify({ step: 120, split: 'train', values: {} });
  appendFileSync(file, line.slice(0, 9));
  expect(follower.read().metrics.at(-1)?.step).toBe(100);
  appendFileSync(file, `${line.slice(9)}\n`);
  expect(follower.read().metrics.at(-1)?.step).toBe(120);
  truncateSync(file, 0);
  appendFileSync(file, `${JSON.stringify({ step: 7, split: 'train', values: { é: 1 } })}\n`);
  expect(follower.read()).toEqual(readRun(path));
  expect(follower.read().metrics).toHaveLength(1);
  // The second file is longer than what was read of the first.
  writeFileSync(
    file,
    `${JSON.stringify({ step: 8, split: 'train', values: { other: 123456789 } })}\n${line}\n`,
  );
  expect(follower.read().metrics.map(({ step }) => step)).toEqual([8, 120]);
  rmSync(path, { recursive: true });
});

test.each([
  ['/runs/report?run=../elsewhere/secret', 404, "there is no run '../elsewhere/secret'"],
  ['/runs/report?run=link', 403, 'a link leads out of the named folders'],
  ['/runs/report', 400, 'run'],
  ['/runs/report?run=damaged', 409, 'is damaged'],
])('%s is refused with a sentence', async (path, status, message) => {
  const response = await api.request(path);
  const { error } = (await response.json()) as { error: string };
  expect({ status: response.status, error }).toEqual({ status, error: expect.stringContaining(message) });
});

function stop(run: string) {
  return api.request('/runs/stop', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ run }),
  });
}

test.each([
  ['no process is training', null],
  ['stop it there', { pid: 1, host: 'another-machine', started: '1' }],
  // The number belongs to another process by now.
  ['no process is training', { pid: process.ppid, host: hostname(), started: '1' }],
  ['does not say when process', { pid: process.ppid, host: hostname(), started: null }],
])('a run is not stopped where %s (%j)', async (message, owner) => {
  const lock = join(runs, 'lost/run.lock');
  if (owner !== null) writeFileSync(lock, JSON.stringify(owner));
  const response = await stop('lost');
  expect(response.status).toBe(409);
  expect(await response.json()).toEqual({ error: expect.stringContaining(message) });
  rmSync(lock, { force: true });
});

test('a run that was moved away is a sentence, and gone from the list', async () => {
  renameSync(join(runs, 'tables'), join(folder, 'moved'));
  expect((await api.request('/runs/report?run=tables/plain')).status).toBe(404);
  const { runs: listed } = await get<{ runs: Listed[] }>('/runs');
  expect(listed.map(({ name }) => name)).not.toContain('tables/plain');
});

test('example pictures are made in another process and kept', async () => {
  type Answer = { state: string; examples: { examples: { rows: { panels: unknown[] }[] }[] } };
  const ask = () => get<Answer>('/runs/examples?run=arm&count=1');
  const done = new Promise<void>((resolve) => {
    context.events.listen((event) => {
      if (event.type === 'run' && event.run === 'arm') resolve();
    });
  });
  expect(await ask()).toEqual({ state: 'working' });
  await done;
  const { state, examples } = await ask();
  expect(state).toBe('ready');
  // Image, coarse and fine label are of all runs; prediction, confidence, unsure pixels, loss and weight of this one.
  expect(examples.examples[0]?.rows.map(({ panels }) => panels.length)).toEqual([3, 5]);
}, 60_000);
