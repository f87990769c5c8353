/** Judges audits of a few generated scenes by their exact labels, from the library and from the command line. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditResult, auditDataset, judgeAudit, reviewAudit, type SuspectRegion } from 'coarsely/audit';
import type { Config } from 'coarsely/config';
import { openDataset } from 'coarsely/data';
import { ConfigError, DataError } from 'coarsely/errors';
import { ResNet } from 'coarsely/models';
import { readJournal } from 'coarsely/review';
import { writeScenes } from 'coarsely/scenes';
import { Generator, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatRuns, maskRuns } from '#geometry/index.js';
import { coarsely } from '../cli/run-command.js';
import { quickConfig } from '../quick/quick-fixtures.js';

let root: string;
let config: Config;
let result: AuditResult;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'coarsely-judge-'));
  vi.stubEnv('XDG_CACHE_HOME', join(root, 'cache'));
  await writeScenes(join(root, 'scenes'), { train: 6, validation: 1, width: 64, height: 48 });
  using generator = new Generator(99);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  for (const place of [join(root, 'scenes', 'backbone.safetensors'), join(root, 'backbone.safetensors')])
    writeSafetensors(place, backbone.stateDict());
  backbone.dispose();
  const data = {
    root: join(root, 'scenes'),
    train: { split: 'train', labels: 'coarse' },
    evaluation: { split: 'train', labels: 'coarse' },
  };
  config = quickConfig(join(root, 'scenes'), {
    quick: { diskMiB: 64, memoryMiB: 8 },
    training: { iterations: 4 },
    sections: { data, output: join(root, 'runs') },
  });
  result = (await auditDataset(config, { folds: 2 })) as AuditResult;
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Counts the pixels that both labels have, and where they differ. */
async function countWrong(labels: string): Promise<{ pixels: number; wrong: number }> {
  const section = { kind: 'folder', root: join(root, 'scenes'), split: 'train' };
  const [given, exact] = [
    await openDataset({ ...section, labels }),
    await openDataset({ ...section, labels: 'fine' }),
  ];
  let [pixels, wrong] = [0, 0];
  for (let index = 0; index < given.length; index++) {
    const [a, b] = [(await given.read(index)).labels, (await exact.read(index)).labels];
    for (const [pixel, label] of (a ?? []).entries()) {
      if (label === 255 || b?.[pixel] === 255) continue;
      pixels++;
      if (label !== b?.[pixel]) wrong++;
    }
  }
  return { pixels, wrong };
}

describe('judgeAudit', () => {
  it('judges all methods on the images of a finished audit, and writes what it found', async () => {
    const heads = join(result.folder, 'state', 'head-0-0.safetensors');
    const before = readFileSync(heads);
    const judged = await judgeAudit(config, result, { truth: 'fine', folds: 2 });
    expect(readFileSync(heads)).toEqual(before);
    const { pixels, wrong } = await countWrong('coarse');
    expect(judged?.judgment).toMatchObject({ images: 6, pixels, baseRate: wrong / pixels });
    expect(judged?.rows.map(({ method }) => method)).toEqual([
      'audit',
      'confident-learning',
      'softmin',
      'loss-in-sample',
      'loss-out-of-fold',
      'random',
    ]);
    for (const row of judged?.rows ?? []) {
      expect(row).toMatchObject({
        data: 'scenes',
        labels: 'coarse',
        truth: 'fine',
        baseRate: wrong / pixels,
      });
      expect(row.auprc).toBeGreaterThan(0);
      expect(row.auprc).toBeLessThanOrEqual(1);
    }
    const written = JSON.parse(readFileSync(judged?.jsonFile ?? '', 'utf8'));
    expect(written).toMatchObject({ data: 'scenes', images: 6, pixels, rows: judged?.rows });
    const markdown = readFileSync(judged?.markdownFile ?? '', 'utf8');
    expect(markdown).toContain('| confident learning | ');
    expect(markdown).not.toMatch(/NaN|undefined|null/);
  });

  it('ends when it is asked to, and names labels that do not exist', async () => {
    const shouldStop = () => true;
    expect(await judgeAudit(config, result, { truth: 'fine', folds: 2, shouldStop })).toBeNull();
    await expect(judgeAudit(config, result, { truth: 'finest', folds: 2 })).rejects.toThrow(DataError);
    await expect(judgeAudit(config, result, { truth: 'coarse', folds: 2 })).rejects.toThrow(ConfigError);
  });
});

it('never reads kept heads with images of folds that were divided in another way', async () => {
  const settings = join(result.folder, 'state', 'settings.json');
  const written = readFileSync(settings, 'utf8');
  writeFileSync(settings, written.replace(/("assignment": ")[^"]*/, '$1other'));
  await expect(auditDataset(config, { folds: 2, output: result.folder })).rejects.toThrow(
    `${result.folder}: holds an audit with another assignment, and nothing is overwritten`,
  );
  writeFileSync(settings, written);
});

describe('reviewAudit', () => {
  it('decides about the first regions', async () => {
    const regions = await wrongRegions();
    const regionsFile = join(root, 'regions.jsonl');
    writeFileSync(regionsFile, regions.map((region) => `${JSON.stringify(region)}\n`).join(''));
    const found = { ...result, regionsFile };
    const { decisions, journal } = await reviewAudit(config, found, { answers: 'fine', count: 2 });
    expect(journal).toBe(join(result.folder, 'review.jsonl'));
    expect(decisions).toEqual({ accept: 2, keep: 0, assign: 0, unlabel: 0 });
    const { lines } = readJournal(journal);
    expect(lines.map(({ line }) => 'region' in line && line.region.id)).toEqual(['0', '1']);
  });
});

/** Returns for every image a region of one pixel whose coarse label is wrong, with the right class suggested. */
async function wrongRegions(): Promise<SuspectRegion[]> {
  const section = { kind: 'folder', root: join(root, 'scenes'), split: 'train' };
  const [given, exact] = [
    await openDataset({ ...section, labels: 'coarse' }),
    await openDataset({ ...section, labels: 'fine' }),
  ];
  const nameOf = (label: number | undefined) => given.classes[label ?? -1]?.name ?? '';
  const regions: SuspectRegion[] = [];
  for (let index = 0; index < given.length; index++) {
    const { labels, width, height } = await given.read(index);
    const truth = (await exact.read(index)).labels;
    const pixel =
      labels?.findIndex((label, at) => label !== 255 && truth?.[at] !== 255 && truth?.[at] !== label) ?? -1;
    if (pixel === -1) continue;
    const mask = new Uint8Array(width * height);
    mask[pixel] = 1;
    regions.push({
      ...{
        id: String(regions.length),
        split: 'train',
        image: given.name(index),
        labels: 'coarse',
        width,
        height,
      },
      ...{
        box: [pixel % width, Math.floor(pixel / width), 1, 1],
        pixels: 1,
        runs: formatRuns(maskRuns(mask, { width, height })),
      },
      ...{ given: nameOf(labels?.[pixel]), suggested: nameOf(truth?.[pixel]) },
      ...{ expectedWrong: 1, confidence: 1, loss: 1, weight: 1, kind: 'object' },
    });
  }
  return regions;
}

it('audits exact labels with errors from the command line, judges itself and decides', async () => {
  const small = [
    'extends: quick',
    'threads: 1',
    'model:',
    '  backbone: { kind: resnet18, frozen: true, weights: backbone.safetensors }',
    '  head: { kind: hypercolumn, hidden: [8] }',
    'quick: { pixels: 64, memoryMiB: 8, diskMiB: 64 }',
    'training: { iterations: 4, evaluateEvery: 4, checkpointEvery: 4 }',
  ];
  writeFileSync(join(root, 'small.yaml'), `${small.join('\n')}\n`);
  const words = ['audit', 'scenes', '--config', 'small.yaml', '--folds', '2', '--inject', 'swap=0.5'];
  const more = ['--answers', 'fine', '--review', '3', '--journal', 'mine.jsonl', '--json'];
  const { code, stdout, stderr } = await coarsely([...words, ...more], { cwd: root });
  expect([code, stderr]).toEqual([0, expect.stringContaining('of the kind swap')]);
  const printed = JSON.parse(stdout);
  expect(printed).toMatchObject({
    root: join(root, 'runs', 'scenes-errors'),
    labels: 'fine-swap-0.5-0',
    review: { journal: 'mine.jsonl' },
  });
  expect(printed.judge[0]).toMatchObject({
    method: 'audit',
    truth: 'fine',
    injected: { kind: 'swap', share: 0.5, seed: 0 },
  });
  expect(printed.judge[0].baseRate).toBeGreaterThan(0.001);
  const { lines } = readJournal(join(root, 'mine.jsonl'));
  expect(lines).toHaveLength(Math.min(3, printed.regions));
  expect(printed.review.seconds).toBe(10 * lines.length);
  expect(existsSync(join(root, 'scenes', 'fine-swap-0.5-0'))).toBe(false);

  const refused = await coarsely(['audit', 'scenes', '--inject', 'swop=0.5'], { cwd: root });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('expected drop, swap or shift, with the share of the objects: swap=0.1.');
  const unused = await coarsely(['audit', 'scenes', '--journal', 'mine.jsonl'], { cwd: root });
  expect([unused.code, unused.stderr]).toEqual([
    2,
    expect.stringContaining('--journal holds the decisions of --answers, which is missing'),
  ]);
});
