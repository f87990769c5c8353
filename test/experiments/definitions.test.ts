/** Checks that every row of the tables maps to a valid config at both scales, and that the scores are the paper's. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configSchema, resolveConfig } from 'coarsely/config';
import {
  type ExperimentTable,
  experimentTables,
  paperScale,
  planExperiment,
  quickScale,
  type Scale,
  smallScale,
} from 'coarsely/experiments';
import { recipes } from 'coarsely/recipes';
import { writeScenes } from 'coarsely/scenes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paperFigures } from '#experiments/paper-figures.js';
import { paperTables } from '#experiments/paper-tables.js';
import { tablesNamed } from '#experiments/tables.js';
import { paperRun, paperRunName } from '#recipes/paper/paper-run.js';

let folder: string;
let small: Scale;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-tables-'));
  await writeScenes(folder, { train: 2, validation: 2, width: 96, height: 64 });
  small = await smallScale(
    { cityscapes: folder, ade20k: folder },
    { pointsFolder: path.join(folder, 'points-of-runs') },
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plan = (
  tables: readonly ExperimentTable[],
  scale: Scale,
  more: { rows?: string[]; set?: string[] } = {},
) => planExperiment(tables, { scale, seeds: 1, output: 'out', ...more });

function namesOf(table: string, scale: Scale): string[] {
  return plan(tablesNamed(table), scale).jobs.map(({ runName }) => runName);
}

describe('every row', () => {
  it('has a cell for each column, and figures of its own kind', () => {
    for (const table of experimentTables) {
      for (const { cells } of table.rows) expect(cells).toHaveLength(table.columns.length);
    }
  });

  it('has the paper’s figures, and its run is a recipe that parses', () => {
    for (const { run } of paperTables.flatMap(({ rows }) => rows)) {
      expect(paperFigures(run), paperRunName(run)).not.toBeNull();
      const recipe = paperRunName(run);
      expect([...recipes.keys()]).toContain(recipe);
      const changes = [{ label: '--data', values: { data: { root: folder } } }];
      const config = resolveConfig(recipe, { schema: configSchema, recipes, changes });
      expect(config).toMatchObject({
        name: recipe,
        training: { batchSize: 16 },
        optimizer: { learningRate: 0.02 },
      });
    }
  });

  it.each(['small', 'paper'])('is a valid config at the %s scale', (name) => {
    const scale = name === 'small' ? small : paperScale({ cityscapes: folder, ade20k: folder });
    const { jobs } = plan(experimentTables, scale);
    expect(new Set(jobs.map((job) => job.folder)).size).toBe(jobs.length);
    expect(jobs.length).toBeGreaterThan(40);
    for (const { name: job, config } of jobs) expect(config).toMatchObject({ name: job, seed: 0 });
  });
});

describe('the tables', () => {
  it('hold the rows of the paper', () => {
    expect(experimentTables.map(({ name, rows }) => [name, rows.length])).toEqual([
      ['table1', 6],
      ['table2', 9],
      ['table3', 16],
      ['table4', 6],
      ['table5', 9],
      ['table6', 12],
      ['baselines', 10],
      ['coarse-to-fine', 43],
    ]);
  });

  it('report what the paper reports', () => {
    const coarse = (...words: [Parameters<typeof paperRun>[1], Parameters<typeof paperRun>[2]?]) =>
      paperFigures(paperRun('cityscapes-coarse', ...words));
    expect(coarse('linear-arm')).toEqual({ aAcc: 93.92, mAcc: 83.3, mIoU: 72.13 });
    expect(coarse('linear-arm-attached')?.mIoU).toBe(4.03);
    expect(coarse('arm-entropy')?.mIoU).toBeNaN();
    expect(coarse('arm', { head: 'ocr' })).toEqual({ aAcc: 93.77, mAcc: 83.31, mIoU: 71.79 });
    expect(coarse('arm', { protocol: 'multi-scale' })).toEqual({ aAcc: null, mAcc: null, mIoU: 71.96 });
    expect(paperFigures(paperRun('ade20k', 'linear-arm', { protocol: 'multi-scale' }))?.mIoU).toBe(47.5);
    expect(coarse('closed-form-arm')).toBeNull();
  });

  it('share runs: the base model of Table 1 trains once', () => {
    expect(namesOf('table1', small)).toEqual([
      'coarse-cross-entropy',
      'coarse-linear-arm-attached',
      'coarse-linear-arm',
      'coarse-linear-arm-focusing',
    ]);
    const paper = paperScale({ cityscapes: folder });
    expect(namesOf('table3', paper)).toHaveLength(12);
    expect(namesOf('table3', small)).toContain('coarse-arm-resnet34');
    expect(namesOf('table3', paper)).toContain('cityscapes-coarse-arm-resnet50');
  });
});

describe('the scales', () => {
  it('small: half images, small crops, the share of pixels that OHEM keeps', () => {
    const [job] = plan(tablesNamed('table5'), small, { rows: ['coarse-ohem'] }).jobs;
    expect(job?.config).toMatchObject({
      data: {
        augmentation: { baseSize: [48, 32], cropSize: [32, 32] },
        train: { split: 'train', labels: 'coarse' },
        evaluation: { split: 'val', labels: 'fine' },
      },
      model: { backbone: { kind: 'resnet18', outputStride: 16 } },
      // 100 000 of 2·512·1024, of 8·32·32 pixels.
      reweighter: { kind: 'ohem', threshold: 0.7, minKept: 781 },
      inference: { scales: [0.5], flip: false },
      training: { iterations: 300, batchSize: 8, evaluateEvery: 300 },
    });
  });

  it('paper: its networks, steps and crops', () => {
    const scale = paperScale({ cityscapes: 'city', ade20k: 'ade' }, { weights: { resnet101: 'r101.pth' } });
    const { jobs } = plan(paperTables, scale);
    const config = (name: string) => jobs.find(({ runName }) => runName === name)?.config;
    expect(config('cityscapes-coarse-arm')).toMatchObject({
      model: { backbone: { kind: 'resnet101', outputStride: 8, weights: path.resolve('r101.pth') } },
      reweighter: { kind: 'arm', p: 2, learningRateScale: 1, update: 'negative-rate' },
      data: { kind: 'cityscapes', augmentation: { cropSize: [512, 1024] } },
      training: { iterations: 40_000, batchSize: 16 },
    });
    expect(config('ade20k-ohem')).toMatchObject({
      model: { backbone: { kind: 'resnest101' } },
      data: { kind: 'ade20k', augmentation: { baseSize: [2048, 512], cropSize: [512, 512] } },
      training: { iterations: 160_000 },
    });
    expect(config('cityscapes-fine-arm-multi-scale')).toMatchObject({
      data: { train: { split: 'train+val', labels: 'fine' } },
      inference: { scales: [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2], flip: true },
    });
  });

  it('say in a line what they lack', async () => {
    const streets = await smallScale({ cityscapes: folder });
    expect(streets.scaled(paperRun('ade20k', 'arm'))).toEqual({
      missing: 'name a folder for it with --data ade20k=ROOT',
      rows: 'rows of ade20k',
    });
    expect(namesOf('table5', streets)).toHaveLength(6);
  });
});

describe('quick mode', () => {
  const quick = () => quickScale(small);

  it('makes a quick config of every row but those with another head, which are left out by name', () => {
    const { jobs, tables } = plan(experimentTables, quick());
    expect(jobs.length).toBeGreaterThan(35);
    for (const { name, config } of jobs) {
      expect(name).toMatch(/^quick-/);
      expect(config).toMatchObject({
        seed: 0,
        model: { backbone: { frozen: true }, head: { kind: 'hypercolumn' }, auxiliary: null },
      });
      expect(config.quick).not.toBeNull();
    }
    const missing = tables
      .flatMap(({ rows }) => rows)
      .filter(({ run }) => 'missing' in quick().scaled(run))
      .map(({ run }) => run.head);
    expect(missing).toEqual(['ocr', 'ocr', 'ocr', 'ocr']);
    expect(quick().scaled(paperRun('cityscapes-coarse', 'arm', { head: 'ocr' }))).toEqual({
      missing: expect.stringContaining('OCR needs the regions of a whole image'),
      rows: 'rows with the OCR head',
    });
  });

  it('keeps data and method of the scale below, and takes the rest from the recipe', () => {
    const scale = quickScale(small, {
      weights: { mobilenet_v3_large: '/w/v3.pth' },
      armLearningRateScale: 4,
    });
    const configOf = (...words: Parameters<typeof paperRun>) => {
      const [job] = plan(experimentTables, scale, { rows: [nameOf(scale, paperRun(...words))] }).jobs;
      return job?.config;
    };
    const {
      quick: section,
      optimizer,
      training,
    } = configSchema.parse({ ...recipes.get('quick')?.config(), data: { root: '.' } });
    expect(configOf('cityscapes-fine', 'ohem')).toMatchObject({
      quick: section,
      optimizer,
      data: {
        root: folder,
        train: { split: 'train', labels: 'fine' },
        evaluation: { split: 'val', labels: 'fine' },
      },
      model: { backbone: { kind: 'mobilenet_v2' } },
      reweighter: {
        kind: 'ohem',
        minKept: Math.round((100_000 / (2 * 512 * 1024)) * (section?.pixels ?? 0)),
      },
      training: { iterations: training.iterations, evaluateEvery: training.iterations },
      inference: { scales: [1], flip: false },
    });
    const [standard] = plan(experimentTables, quick(), { rows: ['quick-coarse-arm'] }).jobs;
    expect(standard?.config.reweighter).toMatchObject({ kind: 'arm', learningRateScale: 1 });
    expect(configOf('cityscapes-coarse', 'arm-p3')).toMatchObject({
      data: { train: { labels: 'coarse' } },
      reweighter: { kind: 'arm', p: 3, learningRateScale: 4 },
    });
    expect(configOf('cityscapes-coarse', 'arm', { backbone: 'larger' })).toMatchObject({
      name: 'quick-coarse-arm-mobilenet-v3-large-seed0',
      model: { backbone: { kind: 'mobilenet_v3_large', weights: '/w/v3.pth', frozen: true } },
    });
    expect(configOf('ade20k', 'arm', { protocol: 'multi-scale' })).toMatchObject({
      inference: { scales: [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2], flip: true },
    });
  });

  it('works on the official layouts too', () => {
    const scale = quickScale(paperScale({ cityscapes: folder }));
    const { jobs } = plan(tablesNamed('table5'), scale);
    expect(jobs.map(({ runName }) => runName)).toContain('quick-cityscapes-coarse-arm');
    expect(jobs[0]?.config).toMatchObject({ data: { kind: 'cityscapes', train: { labels: 'fine' } } });
    expect(scale.scaled(paperRun('ade20k', 'arm'))).toMatchObject({ rows: 'rows of ade20k' });
  });
});

function nameOf(scale: Scale, run: ReturnType<typeof paperRun>): string {
  const scaled = scale.scaled(run);
  return 'missing' in scaled ? '' : scaled.name;
}

describe('a plan', () => {
  it('is seed by seed, and takes only the rows that are asked for', () => {
    const { jobs } = planExperiment(tablesNamed('table1'), {
      scale: small,
      seeds: 2,
      output: 'out',
      rows: ['coarse-cross-entropy', '.*focusing'],
      iterations: 7,
    });
    expect(jobs.map(({ name }) => name)).toEqual([
      'coarse-cross-entropy-seed0',
      'coarse-linear-arm-focusing-seed0',
      'coarse-cross-entropy-seed1',
      'coarse-linear-arm-focusing-seed1',
    ]);
    expect(jobs[3]?.config).toMatchObject({ seed: 1, training: { iterations: 7, evaluateEvery: 7 } });
  });

  it.each<[{ rows?: string[]; set?: string[] }, string]>([
    [{ rows: ['arm'] }, '--rows arm matches none of coarse-cross-entropy'],
    [{ rows: ['('] }, '--rows (: not a regular expression'],
    [{ set: ['seed=3'] }, '--set cannot change name, seed or output'],
    [{ set: ['training.iteratons=3'] }, 'did you mean training.iterations?'],
  ])('refuses %j', (more, message) => {
    expect(() => plan(tablesNamed('table1'), small, more)).toThrow(message);
  });

  it('refuses a table that is none, with the nearest name', () => {
    expect(() => tablesNamed('tabel1')).toThrow('experiment: no table tabel1; did you mean table1?');
  });
});
