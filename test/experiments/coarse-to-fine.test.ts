/** Checks costs, ratios and rows of the table from coarse labels to fine ones with values made by hand. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type KnownJob,
  paperScale,
  planExperiment,
  pretrainedScale,
  quickScale,
  type Scale,
  smallScale,
  tableResult,
} from 'coarsely/experiments';
import { writeScenes } from 'coarsely/scenes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPlan } from '#experiments/check-plan.js';
import { coarseToFineTable } from '#experiments/coarse-to-fine-table.js';
import type { JobStatus } from '#experiments/job-status.js';
import { labelingHours } from '#experiments/labeling.js';
import { labelingRows } from '#experiments/labeling-rows.js';
import { tableMarkdown } from '#experiments/markdown.js';
import { makePoints } from '#experiments/simulated-points.js';
import { paperRun } from '#recipes/paper/paper-run.js';

let folder: string;
let root: string;
let output: string;
let quick: Scale;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-to-fine-'));
  root = path.join(folder, 'scenes');
  output = path.join(folder, 'out');
  await writeScenes(root, { train: 4, validation: 2, width: 96, height: 64 });
  quick = quickScale(await smallScale({ cityscapes: root }, { pointsFolder: path.join(output, 'points') }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const planOf = (scale: Scale, seeds = 1) =>
  planExperiment([coarseToFineTable], { scale, seeds, output, set: ['precision=float32'] });

describe('what labels cost', () => {
  it('is 7 minutes, 90 minutes and 2 seconds', () => {
    expect(labelingHours({ coarse: 60, fine: 0, points: 0 })).toBeCloseTo(7, 12);
    expect(labelingHours({ coarse: 0, fine: 2, points: 0 })).toBeCloseTo(3, 12);
    expect(labelingHours({ coarse: 60, fine: 4, points: 1800 })).toBeCloseTo(7 + 6 + 1, 12);
  });

  it('counts the images of the dataset, and nothing where they are not known', () => {
    const run = (...words: Parameters<typeof paperRun>) => quick.labels(paperRun(...words));
    expect(run('cityscapes-coarse', 'trim')).toEqual({ coarse: 4, fine: 0, points: 0 });
    expect(run('cityscapes-fine', 'arm')).toEqual({ coarse: 0, fine: 4, points: 0 });
    expect(run('cityscapes-coarse', 'arm', { additional: { points: 30 } })).toEqual({
      coarse: 4,
      fine: 0,
      points: 120,
    });
    // A share of images is at least one image.
    expect(run('cityscapes-coarse', 'arm', { additional: { fineShare: 0.05 } })).toMatchObject({ fine: 1 });
    expect(run('cityscapes-coarse', 'arm', { additional: { fineShare: 0.5 } })).toMatchObject({ fine: 2 });
    expect(run('ade20k', 'arm')).toBeNull();
    const paper = paperScale({ cityscapes: root });
    expect(paper.labels(paperRun('cityscapes-coarse', 'arm'))).toBeNull();
    expect(paper.scaled(paperRun('cityscapes-coarse', 'arm', { additional: { points: 30 } }))).toMatchObject({
      rows: 'rows with points or a few fine images',
    });
  });
});

describe('the configs of its rows', () => {
  const configOf = (name: string) => planOf(quick).queue.find(({ runName }) => runName === name)?.config;

  it('name points in the experiment’s folder, and a few fine images, with their share', () => {
    expect(configOf('quick-coarse-trim-points30')).toMatchObject({
      data: {
        train: { labels: 'coarse' },
        points: { labels: path.join('..', 'out', 'points', '30'), split: 'train', share: 0.3 },
        clean: null,
      },
      reweighter: { kind: 'trim', share: 0.05 },
    });
    expect(configOf('quick-coarse-trim-10-fine5')).toMatchObject({
      data: { points: null, clean: { split: 'train', labels: 'fine', count: 1, share: 0.3 } },
      reweighter: { kind: 'trim', share: 0.1 },
    });
    expect(configOf('quick-fine-trim-arm')).toMatchObject({
      data: { train: { labels: 'fine' }, points: null, clean: null },
      reweighter: { kind: 'trim', reweighter: { kind: 'arm', p: 2, learningRateScale: 1 } },
    });
  });

  it('train a whole network from ImageNet weights in mode pretrained, each at the sizes of the recipe', async () => {
    const small = await smallScale({ cityscapes: root }, { pointsFolder: path.join(output, 'points') });
    const scale = pretrainedScale(small, { weights: { mobilenet_v2: '/w/v2.safetensors' } });
    const jobs = planOf(scale).queue;
    const config = (name: string) => jobs.find(({ runName }) => runName === name)?.config;
    expect(jobs).toHaveLength(coarseToFineTable.rows.length);
    expect(config('pretrained-coarse-ohem')).toMatchObject({
      quick: null,
      classWeights: 'sqrt',
      data: { train: { labels: 'coarse' }, augmentation: { baseSize: null, cropSize: [192, 256] } },
      model: {
        backbone: { kind: 'mobilenet_v2', weights: '/w/v2.safetensors', frozen: false, outputStride: 16 },
        head: { kind: 'deeplabv3plus', channels: 128 },
        auxiliary: null,
      },
      optimizer: { kind: 'adamw', learningRate: 0.003, backboneScale: 0.1 },
      // 100 000 of 2·512·1024, of 8·192·256 pixels.
      reweighter: { kind: 'ohem', minKept: 37_500 },
      training: { iterations: 800, evaluateEvery: 800, batchSize: 8 },
      inference: { scales: [1], flip: false },
    });
    expect(config('pretrained-coarse-trim-points30')?.data.points).toMatchObject({ share: 0.3 });
    const larger = scale.scaled(paperRun('cityscapes-coarse', 'arm', { backbone: 'larger' }));
    expect(larger).toMatchObject({
      name: 'pretrained-coarse-arm-resnet18',
      config: { model: { backbone: { kind: 'resnet18', stem: 'torchvision', weights: 'imagenet' } } },
    });
  });
});

describe('points', () => {
  it('are made once, in the experiment’s folder, and the plan can be checked before and after', async () => {
    const plan = planOf(quick);
    await checkPlan(plan);
    const notices: string[] = [];
    await makePoints(plan.queue, { onNotice: (notice) => notices.push(notice) });
    expect(notices).toHaveLength(2);
    expect(notices[0]).toMatch(
      /^wrote \d+ points of 4 images to .*points.30.train: drawn from the fine labels/,
    );
    const file = path.join(
      output,
      'points',
      '30',
      'train',
      readdirSync(path.join(output, 'points', '30', 'train'))[0] as string,
    );
    const content = JSON.parse(readFileSync(file, 'utf8'));
    expect(content).toMatchObject({ width: 96, height: 64, simulated: true });
    expect(content.points).toHaveLength(30);
    const { mtimeMs } = statSync(file);
    await checkPlan(plan);
    await makePoints(plan.queue, { onNotice: (notice) => notices.push(notice) });
    expect(notices).toHaveLength(2);
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
    expect(existsSync(path.join(root, 'points'))).toBe(false);
  });
});

/** mIoU in per cent by run and seed. */
const scored: Record<string, number[]> = {
  'quick-fine-cross-entropy': [60, 50],
  'quick-fine-arm': [60.5, 51.1],
  'quick-coarse-cross-entropy': [48, 41],
  'quick-coarse-cross-entropy-points30': [54],
};

function statusOf(mIoU: number | undefined): JobStatus {
  if (mIoU === undefined) return { state: 'waiting' };
  return {
    state: 'finished',
    scores: { aAcc: null, mAcc: null, mIoU: mIoU / 100 },
    seconds: 60,
    environment: {},
  };
}

describe('its results', () => {
  const resultOf = () => {
    const plan = planOf(quick, 2);
    const jobs: KnownJob[] = plan.jobs.map((job) => ({
      job,
      status: statusOf(scored[job.runName]?.[job.seed]),
    }));
    return tableResult(coarseToFineTable, { plan, jobs });
  };

  it('have the ratio to fine labels seed by seed, its interval and the hours, as rows for programs', () => {
    const written = labelingRows(resultOf(), 'quick');
    expect(written?.secondsOfLabeling).toEqual({ coarse: 420, fine: 5400, point: 2 });
    const row = (trainingLabels: string, recipe: string) =>
      written?.rows.find((one) => one.trainingLabels === trainingLabels && one.recipe === recipe);
    expect(row('fine', 'Cross-entropy')).toEqual({
      mode: 'quick',
      trainingLabels: 'fine',
      recipe: 'Cross-entropy',
      seeds: 2,
      mIoU: 55,
      // 55 ± 12.7062 · 7.0711 / √2.
      mIoUInterval: [-8.531, 118.531],
      ratioToFine: 1,
      interval: null,
      hours: 6,
    });
    // 48/60 = 0.8 and 41/50 = 0.82: mean 0.81 ± 12.7062 · 0.01.
    expect(row('coarse', 'Cross-entropy')).toMatchObject({
      mIoU: 44.5,
      ratioToFine: 0.81,
      interval: [0.6829, 0.9371],
      hours: 0.4667,
    });
    expect(row('coarse and 30 points an image', 'Cross-entropy')).toMatchObject({
      seeds: 1,
      mIoU: 54,
      mIoUInterval: null,
      ratioToFine: 0.9,
      interval: null,
      // 4 · 7 minutes and 4 · 30 · 2 seconds.
      hours: 0.5333,
    });
    // Rows that have not run are in the Markdown alone.
    expect(written?.rows).toHaveLength(4);
  });

  it('are Markdown with the costs in place of the paper’s columns', () => {
    const text = tableMarkdown(resultOf(), []);
    expect(text).toContain(
      '| Training labels | Recipe | mIoU | Δ mIoU | 95 % interval | seeds | of fine | 95 % interval of it | hours |',
    );
    expect(text).toContain('| fine | Cross-entropy | 55.00 ± 7.07 |  |  | 2 | 1 |  | 6.0 |');
    expect(text).toContain('| fine | ARM | 55.80 ± 6.65 | +0.80 ± 0.42 |');
    expect(text).toContain(
      '| coarse | Cross-entropy | 44.50 ± 4.95 |  |  | 2 | 0.810 | 0.683 to 0.937 | 0.5 |',
    );
    expect(text).toContain('| coarse | Trim, 5 % | – | – | – | 0 | – | – | 0.5 |');
    expect(text).not.toContain('paper');
    expect(text).toContain(
      '7 minutes for the coarse labels of an image, 90 minutes for fine ones, 2 seconds for a point',
    );
  });
});
