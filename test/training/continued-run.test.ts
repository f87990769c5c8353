/** Checks what a resume says and does when the dataset, the config or the length of the run is not what it was. */

import { cpSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from 'coarsely/config';
import { metricRecords, readRun, readRunHistory } from 'coarsely/runs';
import { runTraining, type TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { learnedLines } from '../support/recorded-lines.js';
import {
  createPlayground,
  type Playground,
  type SmallConfigOptions,
  smallConfig,
} from './training-fixtures.js';

let playground: Playground;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

const short = { iterations: 4, evaluateEvery: 4, checkpointEvery: 2 };

interface Interrupted {
  readonly config: Config;
  readonly root: string;
  readonly runFolder: string;
}

/** Trains two of four steps on a dataset of its own. */
async function interrupted(name: string, options: SmallConfigOptions = {}): Promise<Interrupted> {
  const root = playground.runFolder(`${name}-data`);
  cpSync(playground.root, root, { recursive: true, preserveTimestamps: true });
  const config = smallConfig(root, { training: short, ...options });
  const runFolder = playground.runFolder(name);
  let steps = 0;
  expect(await runTraining(config, { runFolder, shouldStop: () => ++steps === 2 })).toBe('interrupted');
  return { config, root, runFolder };
}

interface Resumed {
  readonly outcome: string;
  readonly notices: readonly string[];
}

async function resume(
  { config, runFolder }: Interrupted,
  { allowChangedData = false } = {},
): Promise<Resumed> {
  const notices: string[] = [];
  const onEvent = (event: TrainingEvent) => void (event.type === 'notice' && notices.push(event.message));
  return {
    outcome: await runTraining(config, { runFolder, resume: true, allowChangedData, onEvent }),
    notices,
  };
}

const trainImages = (root: string) => readdirSync(join(root, 'images/train')).sort();

function removeSample(root: string, split: string, file: string): void {
  for (const folder of readdirSync(root)) {
    if (folder.endsWith('.json')) continue;
    rmSync(join(root, folder, split, file.replace(/\.\w+$/, '.png')), { force: true });
    rmSync(join(root, folder, split, file), { force: true });
  }
}

describe('a dataset that changed', () => {
  test('stops the resume, names the samples, and leaves the run as it was', async () => {
    const run = await interrupted('samples-gone');
    const [first = '', second = '', third = ''] = trainImages(run.root);
    removeSample(run.root, 'train', first);
    removeSample(run.root, 'train', second);
    for (const folder of ['images', 'coarse', 'fine']) {
      const [file = ''] = readdirSync(join(run.root, folder, 'train')).filter((name) =>
        name.startsWith(third.replace(/\.\w+$/, '.')),
      );
      cpSync(
        join(run.root, folder, 'train', file),
        join(run.root, folder, 'train', `added${file.slice(file.lastIndexOf('.'))}`),
      );
    }
    const before = readFileSync(join(run.runFolder, 'metrics.jsonl'), 'utf8');
    const stem = (file: string) => file.replace(/\.\w+$/, '');
    await expect(resume(run)).rejects.toThrow(
      `${run.runFolder}: cannot be resumed exactly, the dataset has changed since step 2: data.train: 2 samples are gone ` +
        `(${stem(first)}, ${stem(second)}), 1 sample is new (added)\n`,
    );
    await expect(resume(run)).rejects.toMatchObject({ code: 'checkpoint' });
    expect(readFileSync(join(run.runFolder, 'metrics.jsonl'), 'utf8')).toBe(before);
    expect(readRunHistory(run.runFolder)).toEqual([]);

    const { outcome, notices } = await resume(run, { allowChangedData: true });
    expect(outcome).toBe('finished');
    expect(notices).toEqual([expect.stringContaining('not exactly as if it had not stopped')]);
    expect(readRunHistory(run.runFolder)).toEqual([
      expect.objectContaining({ step: 2, kind: 'data', text: expect.stringContaining('2 samples are gone') }),
    ]);
    // The list is now the new one: nothing has changed since the last checkpoint.
    expect((await resume(run)).notices).toEqual([]);
  });

  test('with its classes in another order stops, even where changed samples are allowed', async () => {
    const run = await interrupted('classes-moved');
    const path = join(run.root, 'classes.json');
    const list = JSON.parse(readFileSync(path, 'utf8')) as { classes: { name: string }[] };
    const [a, b, ...rest] = list.classes;
    writeFileSync(path, JSON.stringify({ ...list, classes: [b, a, ...rest] }));
    const message = `classes moved: ${a?.name} from 0 to 1, ${b?.name} from 1 to 0`;
    await expect(resume(run)).rejects.toThrow(message);
    await expect(resume(run, { allowChangedData: true })).rejects.toThrow(message);
  });

  test('is not changed by editing a label file, which is noticed by its size or its time', async () => {
    const run = await interrupted('label-edited');
    const [file = ''] = readdirSync(join(run.root, 'coarse/train'));
    utimesSync(join(run.root, 'coarse/train', file), new Date(1e12), new Date(1e12));
    const { outcome, notices } = await resume(run);
    expect(outcome).toBe('finished');
    expect(notices).toEqual([
      expect.stringMatching(
        /^data\.train: 1 sample has files of another time of change but the same size than before/,
      ),
    ]);
    expect(notices[0]).toContain(file.replace(/\.\w+$/, ''));
  });

  test('for the evaluation alone gives a notice', async () => {
    const run = await interrupted('evaluation-changed');
    const [file = ''] = readdirSync(join(run.root, 'images/val'));
    removeSample(run.root, 'val', file);
    const { notices } = await resume(run);
    expect(notices).toEqual([
      expect.stringMatching(/^data\.evaluation: 1 sample is gone .*different images$/),
    ]);
  });

  test('is refused for a reweighter that remembers images by their place', async () => {
    const run = await interrupted('remembered', { reweighter: { kind: 'active-bias' } });
    removeSample(run.root, 'train', trainImages(run.root)[0] ?? '');
    await expect(resume(run, { allowChangedData: true })).rejects.toThrow(
      'reweighter.kind active-bias remembers each by its place',
    );
  });

  test('of clean labels counts as the training data does', async () => {
    const root = playground.runFolder('clean-data');
    cpSync(playground.root, root, { recursive: true });
    const base = smallConfig(root, { training: short, reweighter: { kind: 'meta-weight-net' } });
    const clean = { split: 'val', labels: 'fine', count: 2 };
    const config = { ...base, data: { ...base.data, clean } } as Config;
    const runFolder = playground.runFolder('clean');
    let steps = 0;
    await runTraining(config, { runFolder, shouldStop: () => ++steps === 2 });
    const [file = ''] = readdirSync(join(root, 'images/val'));
    for (const folder of ['images', 'coarse', 'fine']) {
      const [found = ''] = readdirSync(join(root, folder, 'val')).filter((name) =>
        name.startsWith(file.replace(/\.\w+$/, '.')),
      );
      cpSync(join(root, folder, 'val', found), join(root, folder, 'val', `zz${found}`));
    }
    await expect(resume({ config, root, runFolder })).rejects.toThrow(/data\.clean: 1 sample is new/);
  });

  test('cannot be told by a checkpoint of an earlier version, which says so', async () => {
    const run = await interrupted('earlier');
    const path = join(run.runFolder, 'state.json');
    const { state, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as { state: Record<string, unknown> };
    const { data: _, config: __, ...older } = state;
    writeFileSync(path, JSON.stringify({ ...rest, state: older }));
    rmSync(join(run.runFolder, 'samples.json'));
    const { outcome, notices } = await resume(run);
    expect(outcome).toBe('finished');
    expect(notices).toEqual([expect.stringContaining('does not say which samples it was trained on')]);
  });

  test('is told by numbers where the list of samples is lost', async () => {
    const run = await interrupted('list-lost');
    removeSample(run.root, 'train', trainImages(run.root)[0] ?? '');
    writeFileSync(join(run.runFolder, 'samples.json'), '{"format":1,"par');
    await expect(resume(run)).rejects.toThrow('data.train: other samples (6 before, 5 now)');
  });
});

describe('a longer run', () => {
  const constant = { kind: 'multi-step', warmup: 0, milestones: [] };
  const configOf = (iterations: number, schedule: Config['schedule']): Config => ({
    ...smallConfig(playground.root, {
      reweighter: { kind: 'arm' },
      training: { iterations, evaluateEvery: 4, checkpointEvery: 4, isolatedFraction: 0 },
    }),
    schedule,
  });

  test('equals one that had this length from the start while the rate is constant, bit for bit', async () => {
    const [whole, grown] = ['whole', 'grown'].map((name) => playground.runFolder(name)) as [string, string];
    await runTraining(configOf(8, constant), { runFolder: whole });
    await runTraining(configOf(4, constant), { runFolder: grown });
    const yaml = join(grown, 'config.yaml');
    writeFileSync(yaml, `# my remark\n${readFileSync(yaml, 'utf8')}`);
    const { outcome, notices } = await resume({ config: configOf(8, constant), root: '', runFolder: grown });
    expect(outcome).toBe('finished');
    expect(notices[0]).toContain('the run now has 8 steps instead of 4, and goes on with step 5');
    expect(notices[1]).toMatch(
      /^learning rate \(multi-step over 8 steps\): 0\.02 at step 5; step 4 had 0\.02$/,
    );
    expect(notices).toHaveLength(2);
    expect(learnedLines(grown)).toBe(learnedLines(whole));
    const tensors = (folder: string) => readFileSync(readRun(folder).lastCheckpoint?.file ?? '');
    expect(tensors(grown).equals(tensors(whole))).toBe(true);

    const text = readFileSync(yaml, 'utf8');
    expect(text).toMatch(/^# my remark\n/);
    expect(text).toMatch(/^ {2}iterations: 8$/m);
    expect(readRunHistory(grown)).toEqual([
      expect.objectContaining({
        step: 4,
        kind: 'iterations',
        text: 'training.iterations was 4 up to step 4 and is 8 from there on',
      }),
    ]);
  });

  test('follows the schedule of the new length from its first further step on', async () => {
    const poly = { kind: 'poly', power: 1, minimum: 0 };
    const [before, grown] = ['poly-4', 'poly-8'].map((name) => playground.runFolder(name)) as [
      string,
      string,
    ];
    await runTraining(configOf(4, poly), { runFolder: before });
    cpSync(before, grown, { recursive: true });
    const { notices } = await resume({ config: configOf(8, poly), root: '', runFolder: grown });
    expect(notices[1]).toBe(
      'learning rate (poly over 8 steps): 0.01 at step 5, 0.0075 from step 6, 0.005 from step 7, 0.0025 from step 8; step 4 had 0.005',
    );
    const records = metricRecords(readRun(grown), 'train');
    expect(records.slice(0, 4)).toEqual(metricRecords(readRun(before), 'train'));
    const rates = records.map(({ values }) => values.learningRate);
    const expected = [1, 0.75, 0.5, 0.25, 0.5, 0.375, 0.25, 0.125].map((factor) => 0.02 * factor);
    for (const [place, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[place] ?? Number.NaN, 12);
  });

  test('cannot end before the steps it has taken', async () => {
    const runFolder = playground.runFolder('grown');
    await expect(resume({ config: configOf(4, constant), root: '', runFolder })).rejects.toThrow(
      'its last checkpoint is of step 8, beyond training.iterations = 4',
    );
  });
});

test('a config that was edited is named by its keys, and kept in the history', async () => {
  const run = await interrupted('edited');
  const optimizer = { ...run.config.optimizer, learningRate: 0.5 };
  const config = { ...run.config, optimizer, data: { ...run.config.data, workers: 1 } };
  const { outcome, notices } = await resume({ ...run, config });
  expect(outcome).toBe('finished');
  expect(notices).toEqual([
    'config.yaml differs from what step 2 was trained with: optimizer.learningRate 0.02 → 0.5; the run goes on with it, ' +
      'and is not the run that was interrupted',
  ]);
  expect(readRunHistory(run.runFolder)).toEqual([expect.objectContaining({ step: 2, kind: 'config' })]);
});

test('a config of another network is told by the keys that were edited, not by tensors', async () => {
  const run = await interrupted('edited-network');
  const model = { ...run.config.model, head: { ...run.config.model.head, channels: 16 } };
  await expect(resume({ ...run, config: { ...run.config, model } })).rejects.toThrow(
    /step-00000002\.safetensors: does not fit the config: config\.yaml differs .*: model\.head\.channels 32 → 16\nput these/,
  );
});

test('without state.json a run goes on from its newest whole checkpoint, exactly', async () => {
  const run = await interrupted('state-lost');
  const other = playground.runFolder('state-kept');
  cpSync(run.runFolder, other, { recursive: true });
  rmSync(join(run.runFolder, 'state.json'));
  writeFileSync(join(run.runFolder, 'checkpoints/step-00000003.safetensors'), 'cut short');
  const { outcome, notices } = await resume(run);
  expect(outcome).toBe('finished');
  expect(notices).toEqual([expect.stringContaining('state.json was lost')]);
  await resume({ ...run, runFolder: other });
  expect(learnedLines(run.runFolder)).toBe(learnedLines(other));
});

test('the memory since the last line is recorded: the peak within steps, which is far above what they leave', async () => {
  const runFolder = playground.runFolder('memory');
  const events: TrainingEvent[] = [];
  const training = { iterations: 4, evaluateEvery: 2, checkpointEvery: 4, logEvery: 2 };
  await runTraining(smallConfig(playground.root, { training }), {
    runFolder,
    onEvent: (event) => events.push(event),
  });
  const records = metricRecords(readRun(runFolder), 'memory');
  // Steps 1, 2 and 4 are logged; steps 2 and 4 evaluate.
  expect(records.map(({ step }) => step)).toEqual([1, 2, 2, 4, 4]);
  const parameters = events.flatMap((event) => (event.type === 'start' ? [event.parameters] : []))[0] ?? 0;
  for (const { values } of records) {
    expect(values.peakTensorBytes).toBeGreaterThan(4 * parameters);
    expect(values.residentBytes).toBeGreaterThan(values.peakTensorBytes);
  }
  // Parameters, gradients and momenta stay; activations and packed weights come on top.
  expect(records[1]?.values.peakTensorBytes).toBeGreaterThan(3 * 4 * parameters);
  const shown = events.flatMap((event) =>
    event.type === 'step' ? [event.memory?.peakTensorBytes ?? null] : [],
  );
  expect(shown).toEqual(
    [records[0], records[1], null, records[3]].map((one) => one?.values.peakTensorBytes ?? null),
  );
});
