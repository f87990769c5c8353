/** A run that started from another one with a frozen part: it resumes exactly, and needs the other run no more. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from 'coarsely/config';
import { readRun } from 'coarsely/runs';
import { readSafetensors, scope } from 'coarsely/torch';
import { runTraining, type TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPlayground, type Playground, smallConfig } from './training-fixtures.js';

let playground: Playground;
let config: Config;

beforeAll(async () => {
  playground = await createPlayground();
  const first = smallConfig(playground.root, {
    training: { iterations: 2, evaluateEvery: 2, checkpointEvery: 2 },
  });
  await runTraining(first, { runFolder: playground.runFolder('first') });
  const { model, ...rest } = smallConfig(playground.root, { reweighter: { kind: 'arm' } });
  const weights = playground.runFolder('first');
  config = { ...rest, model: { ...model, weights, backbone: { ...model.backbone, frozen: 'stage2' } } };
});
afterAll(() => playground.remove());

test('it resumes bit for bit when the run that it started from is gone', async () => {
  const events: TrainingEvent[] = [];
  const unbroken = playground.runFolder('unbroken');
  await runTraining(config, { runFolder: unbroken, onEvent: (event) => events.push(event) });
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  expect(notices).toContain('classes: 8 of 8 taken');
  expect(notices).toContain(
    `starts from ${playground.runFolder('first')} (step 2): backbone and head, the auxiliary head`,
  );
  const [start] = events.filter((event) => event.type === 'start');
  // The deep stem has 28 768 numbers, and the first two stages 147 968 and 525 568.
  expect(start).toMatchObject({ frozen: 28_768 + 147_968 + 525_568 });

  const interrupted = playground.runFolder('interrupted');
  let steps = 0;
  const shouldStop = () => ++steps === 3;
  expect(await runTraining(config, { runFolder: interrupted, shouldStop })).toBe('interrupted');
  const source = frozenValues(playground.runFolder('first'));
  rmSync(playground.runFolder('first'), { recursive: true });
  expect(await runTraining(config, { runFolder: interrupted, resume: true })).toBe('finished');
  const metrics = (folder: string) => readFileSync(join(folder, 'metrics.jsonl'), 'utf8');
  expect(lossesOf(metrics(interrupted))).toEqual(lossesOf(metrics(unbroken)));
  expect(lossesOf(metrics(unbroken)).length).toBeGreaterThan(8);
  expect(frozenValues(interrupted)).toEqual(source);
  expect(frozenValues(unbroken)).toEqual(source);
});

test('a checkpoint of an earlier version is not resumed with its classes in another order', async () => {
  const runFolder = playground.runFolder('earlier');
  const { weights: _, ...model } = config.model;
  const plain = { ...config, model: { ...model, weights: null } };
  let steps = 0;
  await runTraining(plain, { runFolder, shouldStop: () => ++steps === 2 });
  const path = join(runFolder, 'state.json');
  const state = JSON.parse(readFileSync(path, 'utf8'));
  delete state.state.data;
  const { classes } = state.state;
  const save = (list: unknown) => {
    writeFileSync(path, JSON.stringify({ ...state, state: { ...state.state, classes: list } }));
  };
  save([...classes.slice(1), classes[0]]);
  await expect(runTraining(plain, { runFolder, resume: true })).rejects.toThrow(
    /cannot be resumed, its classes are .+, and those of the dataset .+; list them as the run has them/,
  );
  save(classes.slice(1));
  await expect(runTraining(plain, { runFolder, resume: true })).rejects.toThrow(
    /cannot be resumed, its classes are/,
  );
  save(classes);
  expect(await runTraining(plain, { runFolder, resume: true })).toBe('finished');
});

/** Returns the lines of the losses and scores. */
function lossesOf(metrics: string): string[] {
  return metrics.split('\n').filter((line) => /"split":"(train|val|weights)"/.test(line));
}

/** Returns the bytes of the parameters and buffers of the stem and the first two stages in a run's last checkpoint. */
function frozenValues(folder: string): Map<string, string> {
  using _tensors = scope();
  const { tensors } = readSafetensors(readRun(folder).lastCheckpoint?.file ?? '');
  const frozen = [...tensors].filter(([name]) => /^model\.backbone\.(stem|stage[12])\./.test(name));
  expect(frozen.length).toBeGreaterThan(50);
  return new Map(frozen.map(([name, tensor]) => [name, Buffer.from(tensor.toBytes()).toString('base64')]));
}
