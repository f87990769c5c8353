/** Checks whole runs: the contents of the folder, exact resume after interruption and after SIGKILL, and divergence. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Config } from 'coarsely/config';
import { metricRecords, readRun } from 'coarsely/runs';
import { liveTensorCount } from 'coarsely/torch';
import { runTraining, type TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { learnedLines as metricsOf } from '../support/recorded-lines.js';
import { createPlayground, lossesOf, type Playground, smallConfig } from './training-fixtures.js';

let playground: Playground;
let config: Config;
/** The metrics of a run that nothing disturbed. */
let unbroken: string;

beforeAll(async () => {
  playground = await createPlayground();
  config = smallConfig(playground.root, { reweighter: { kind: 'arm', learningRateScale: 50 } });
  const runFolder = playground.runFolder('unbroken');
  const events: TrainingEvent[] = [];
  const live = liveTensorCount();
  expect(await runTraining(config, { runFolder, onEvent: (event) => events.push(event) })).toBe('finished');
  expect(liveTensorCount()).toBe(live);
  expect(lossesOf(events)).toHaveLength(8);
  expect(events.filter(({ type }) => type === 'checkpoint')).toHaveLength(2);
  unbroken = metricsOf(runFolder);
});
afterAll(() => playground.remove());

test('a run leaves its config, metrics and checkpoints', () => {
  const run = readRun(playground.runFolder('unbroken'));
  expect(run.lastCheckpoint?.step).toBe(8);
  expect(run.metrics.filter(({ split }) => split === 'train').map(({ step }) => step)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8,
  ]);
  expect(run.metrics.filter(({ split }) => split === 'val')).toHaveLength(1);
  expect(run.metrics.filter(({ split }) => split === 'weights').length).toBeGreaterThanOrEqual(2);
  expect(run.lastCheckpoint?.state.classes).toHaveLength(8);
});

test('the number of loader threads changes nothing', async () => {
  const runFolder = playground.runFolder('workers');
  await runTraining({ ...config, data: { ...config.data, workers: 2 } }, { runFolder });
  expect(metricsOf(runFolder)).toBe(unbroken);
});

test('interrupted and resumed, it continues as the unbroken run, bit for bit', async () => {
  const runFolder = playground.runFolder('interrupted');
  let steps = 0;
  const shouldStop = () => ++steps === 3;
  expect(await runTraining(config, { runFolder, shouldStop })).toBe('interrupted');
  expect(readRun(runFolder).lastCheckpoint?.step).toBe(3);
  expect(await runTraining(config, { runFolder, resume: true })).toBe('finished');
  expect(metricsOf(runFolder)).toBe(unbroken);
});

test('killed (SIGKILL) and resumed from the last checkpoint, it continues bit for bit', async () => {
  const runFolder = playground.runFolder('killed');
  const source = `
    import { runTraining } from ${JSON.stringify(import.meta.resolve('coarsely/training'))};
    await runTraining(${JSON.stringify(config)}, {
      runFolder: ${JSON.stringify(runFolder)},
      onEvent: (event) => { if (event.type === 'step' && event.step === 6) process.kill(process.pid, 'SIGKILL'); },
    });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' });
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
  expect(readRun(runFolder).lastCheckpoint?.step).toBe(4);
  expect(await runTraining(config, { runFolder, resume: true })).toBe('finished');
  expect(metricsOf(runFolder)).toBe(unbroken);
  const tensors = (folder: string) => readFileSync(readRun(folder).lastCheckpoint?.file ?? '');
  expect(tensors(runFolder).equals(tensors(playground.runFolder('unbroken')))).toBe(true);
});

test('an existing run folder is not overwritten', async () => {
  const runFolder = playground.runFolder('unbroken');
  await expect(runTraining(config, { runFolder })).rejects.toThrow(runFolder);
  expect(metricsOf(runFolder)).toBe(unbroken);
});

test('divergence names the step, the batch and the last good checkpoint, and saves nothing bad', async () => {
  const runFolder = playground.runFolder('diverged');
  const wild = smallConfig(playground.root, {
    optimizer: { learningRate: 1e30 },
    training: { checkpointEvery: 1, logEvery: 4 },
  });
  await expect(runTraining(wild, { runFolder })).rejects.toThrow(
    /the loss became (NaN|Infinity) at step \d+ \(batch: scene-\d+, scene-\d+\).*step-0000000\d\.safetensors.*learningRate/s,
  );
  const last = readRun(runFolder).lastCheckpoint;
  expect(last && existsSync(last.file)).toBe(true);
});

test('with class-balanced sampling, too, a resumed run continues bit for bit, and says which classes it saw', async () => {
  const balanced = { ...config, data: { ...config.data, sampling: 'classBalanced' as const, workers: 1 } };
  const [whole, broken] = ['balanced-whole', 'balanced-broken'].map((name) => playground.runFolder(name)) as [
    string,
    string,
  ];
  const notices: string[] = [];
  const onEvent = (event: TrainingEvent) => void (event.type === 'notice' && notices.push(event.message));
  await runTraining(balanced, { runFolder: whole, onEvent });
  expect(notices).toEqual([
    expect.stringMatching(/^class-balanced sampling: .*centers found: /),
    expect.stringMatching(/^classes in the last 16 crops: .*road in \d+ %/),
  ]);
  const [record] = metricRecords(readRun(whole), 'sampling');
  expect(record).toMatchObject({ step: 8, values: { crops: 16 } });
  expect(metricsOf(whole)).not.toBe(unbroken);

  let steps = 0;
  const shouldStop = () => ++steps === 3;
  expect(await runTraining(balanced, { runFolder: broken, shouldStop })).toBe('interrupted');
  await runTraining(balanced, { runFolder: broken, resume: true });
  // The line on classes counts the crops since the start or the resume.
  const learned = (folder: string) =>
    metricsOf(folder)
      .split('\n')
      .filter((line) => !line.includes('"split":"sampling"'));
  expect(learned(broken)).toEqual(learned(whole));
});
