/** Audits a small dataset whose classes are colors, with labels that are wrong in known places. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent, type AuditOptions, auditDataset, type SuspectRegion } from 'coarsely/audit';
import { type Config, configSchema } from 'coarsely/config';
import { encodeLabelPng, RandomStream } from 'coarsely/data';
import { ConfigError, DataError, OperationError } from 'coarsely/errors';
import { ResNet } from 'coarsely/models';
import { trainRun } from 'coarsely/quick';
import { Generator, setThreads, threads, writeSafetensors } from 'coarsely/torch';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { parseRuns, runsMask } from '#geometry/run-lengths.js';
import { coarsely } from '../cli/run-command.js';

const size = { width: 64, height: 48 };
const classes = [
  { name: 'blue', color: [40, 60, 200] },
  { name: 'orange', color: [230, 140, 30] },
  { name: 'green', color: [40, 180, 60] },
] as const;

let folder: string;
let root: string;
let threadsBefore: number;
let cacheBefore: string | undefined;

/** Returns the true class of a pixel: blue at the left, orange at the right, and a green square in image 2. */
function truthAt(image: number, { x, y }: { readonly x: number; readonly y: number }): number {
  if (image === 2 && x >= 44 && x < 60 && y >= 28 && y < 44) return 2;
  return x < 26 ? 0 : 1;
}

/** Image 3 has a square of 20×16 orange pixels in its blue part; near borders and in the last row nothing is labeled. */
function labelAt(image: number, { x, y }: { readonly x: number; readonly y: number }): number {
  if (image === 3 && x < 20 && y >= 8 && y < 24) return 1;
  return y >= 46 || Math.abs(x - 26) < 2 ? 255 : truthAt(image, { x, y });
}

async function writeDataset(target: string): Promise<void> {
  for (const kind of ['images', 'coarse']) mkdirSync(join(target, kind, 'train'), { recursive: true });
  writeFileSync(join(target, 'classes.json'), JSON.stringify({ classes }));
  for (let image = 0; image < 6; image++) {
    const random = new RandomStream(image, [1]);
    const places = Array.from({ length: size.width * size.height }, (_, pixel) => ({
      x: pixel % size.width,
      y: Math.floor(pixel / size.width),
    }));
    const pixels = Uint8Array.from(
      places.flatMap((place) =>
        (classes[truthAt(image, place)]?.color ?? []).map((value) => value - 15 + 30 * random.uniform()),
      ),
    );
    await sharp(pixels, { raw: { ...size, channels: 3 } })
      .png()
      .toFile(join(target, `images/train/f${image}.png`));
    const labels = Uint8Array.from(places, (place) => labelAt(image, place));
    writeFileSync(join(target, `coarse/train/f${image}.png`), encodeLabelPng(labels, size));
  }
}

beforeAll(async () => {
  threadsBefore = threads();
  folder = mkdtempSync(join(tmpdir(), 'coarsely-audit-'));
  root = join(folder, 'colors');
  await writeDataset(root);
  using generator = new Generator(99);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  writeSafetensors(join(folder, 'backbone.safetensors'), backbone.stateDict());
  backbone.dispose();
  cacheBefore = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
});
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cacheBefore;
  setThreads(threadsBefore);
  rmSync(folder, { recursive: true, force: true });
});

function config(sections: Readonly<Record<string, unknown>> = {}): Config {
  const part = { split: 'train', labels: 'coarse' };
  return configSchema.parse({
    ...{ name: 'quick', threads: 1, precision: 'float32', output: join(folder, 'runs') },
    data: { root, train: part, evaluation: part },
    model: {
      backbone: { kind: 'resnet18', frozen: true, weights: join(folder, 'backbone.safetensors') },
      head: { kind: 'hypercolumn', hidden: [] },
      auxiliary: null,
    },
    quick: { pixels: 256, diskMiB: 64 },
    optimizer: { kind: 'adamw', learningRate: 0.0005 },
    training: { iterations: 30, evaluateEvery: 30, checkpointEvery: 30 },
    ...sections,
  });
}

async function audit(name: string, { output = join(folder, name), ...options }: AuditOptions = {}) {
  const result = await auditDataset(config(), { folds: 3, output, ...options });
  if (result === null) throw new Error('the audit was ended');
  return { ...result, regions: regionsIn(result.regionsFile) };
}

function regionsIn(file: string): SuspectRegion[] {
  const text = readFileSync(file, 'utf8').trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as SuspectRegion);
}

function overlap(region: SuspectRegion, isInside: (x: number, y: number) => boolean): number {
  const mask = runsMask(parseRuns(region.runs), region);
  return mask.reduce(
    (count, value, pixel) =>
      count + (value === 1 && isInside(pixel % size.width, Math.floor(pixel / size.width)) ? 1 : 0),
    0,
  );
}

describe('an audit by folds', () => {
  let found: Awaited<ReturnType<typeof audit>>;
  const events: AuditEvent[] = [];
  beforeAll(async () => {
    found = await audit('whole', { onEvent: (event) => events.push(event) });
  });

  it('puts the labels that were made wrong first, with what they are', () => {
    const [first] = found.regions;
    expect(first).toMatchObject({
      ...{ split: 'train', image: 'f3', labels: 'coarse', ...size, given: 'orange', suggested: 'blue' },
      kind: 'object',
    });
    if (first === undefined) return;
    const inside = overlap(first, (x, y) => x < 20 && y >= 8 && y < 24);
    expect(inside).toBeGreaterThan(0.8 * 320);
    expect(inside).toBeGreaterThan(0.8 * first.pixels);
    expect(first.expectedWrong).toBeGreaterThan(0.8 * first.pixels);
    expect(first.confidence).toBeGreaterThan(0.5);
    expect(first.loss).toBeGreaterThan(1);
    expect(first.weight).toBeGreaterThan(0);
  });

  it('does not judge a class that no other fold has', () => {
    // The green square of image 2 is the only one: 16×16 pixels.
    expect(found.audit.unjudgedPixels).toBe(256);
    expect(found.regions.filter(({ given }) => given === 'green')).toEqual([]);
  });

  it('counts what it saw', () => {
    const { audit: counted, regions } = found;
    const labeled = Array.from({ length: 6 * 48 * 64 }, (_, place) => {
      const [image, pixel] = [Math.floor(place / 3072), place % 3072];
      return Number(labelAt(image, { x: pixel % 64, y: Math.floor(pixel / 64) }) !== 255);
    });
    expect(counted.labeledPixels).toBe(labeled.reduce((sum, one) => sum + one, 0));
    expect(counted).toMatchObject({
      version: 1,
      root,
      split: 'train',
      labels: 'coarse',
      folds: 3,
      run: null,
    });
    expect(counted.regions).toBe(regions.length);
    expect(counted.suspectedPixels).toBe(regions.reduce((sum, { pixels }) => sum + pixels, 0));
    expect(counted.swaps[1]?.[0]).toBeGreaterThan(250);
    expect(counted.images[0]).toMatchObject({ image: 'f3' });
    expect(counted.images).toHaveLength(6);
    expect(JSON.parse(readFileSync(found.auditFile, 'utf8'))).toEqual(counted);
    expect(new Set(regions.map(({ id }) => id)).size).toBe(regions.length);
    const types = new Set(events.map(({ type }) => type));
    expect([...types]).toEqual(['features', 'head', 'image']);
    expect(events.at(-1)).toMatchObject({ type: 'image', done: 6, total: 6, secondsLeft: 0 });
  });

  it('goes on after every interruption to the same result, and looks at nothing twice', async () => {
    const output = join(folder, 'interrupted');
    let looked = 0;
    const onEvent = ({ type }: AuditEvent) => {
      if (type === 'image') looked++;
    };
    for (let steps = 1; ; steps++) {
      let left = 2 + (steps % 3);
      const result = await auditDataset(config(), {
        folds: 3,
        output,
        onEvent,
        shouldStop: () => left-- <= 0,
      });
      if (result !== null) break;
      expect(existsSync(join(output, 'regions.jsonl'))).toBe(false);
      if (steps > 30) throw new Error('the audit does not come to its end');
    }
    expect(looked).toBe(6);
    for (const name of ['regions.jsonl', 'audit.json', 'audit.html'])
      expect(readFileSync(join(output, name), 'utf8')).toBe(readFileSync(join(found.folder, name), 'utf8'));
  });

  it('is shown again without looking at any image', async () => {
    const onEvent = vi.fn();
    const again = await audit('whole', { onEvent, shown: 1 });
    expect(onEvent).not.toHaveBeenCalled();
    expect(again.audit).toEqual(found.audit);
    expect(readFileSync(again.sheetFile, 'utf8').match(/<article/g)).toHaveLength(1);
    await audit('whole');
  });

  it('shows each region with its picture and outline', () => {
    const page = readFileSync(found.sheetFile, 'utf8');
    const [first] = found.regions;
    expect(page.match(/<article/g)).toHaveLength(found.regions.length);
    expect(page).toContain(`id="${first?.id}"`);
    expect(page).toContain('train / f3');
    expect(page).toMatch(/<img src="data:image\/webp;base64,[\w+/=]{100,}"/);
    expect(page).toMatch(/<path class="line" d="M\d+ \d+L[\dL .]+Z/);
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/(src|href)="(?!data:|#)/);
  });

  it('leaves the dataset as it is', async () => {
    const copy = join(folder, 'fresh');
    await writeDataset(copy);
    for (const name of readdirSync(join(root, 'coarse/train')))
      expect(readFileSync(join(root, 'coarse/train', name))).toEqual(
        readFileSync(join(copy, 'coarse/train', name)),
      );
    expect(readdirSync(root).sort()).toEqual(['classes.json', 'coarse', 'images']);
  });

  it('averages several heads of a fold, which is another audit', async () => {
    const two = await audit('two', { seeds: 2 });
    expect(two.audit.assumptions[0]).toContain('by 2 heads');
    expect(two.regions[0]).toMatchObject({ image: 'f3', given: 'orange', suggested: 'blue' });
    expect(two.regions[0]?.loss).not.toBe(found.regions[0]?.loss);
    await expect(audit('whole', { seeds: 2 })).rejects.toThrow('holds an audit with another seeds');
  });

  it('takes another folder after labels were changed', async () => {
    const output = join(folder, 'changed-runs');
    const changed = join(folder, 'changed');
    cpSync(root, changed, { recursive: true });
    const part = { split: 'train', labels: 'coarse' };
    const data = { root: changed, train: part, evaluation: part };
    const start = () => auditDataset(config({ output, data }), { shouldStop: () => true });
    await start();
    await start();
    expect(readdirSync(output)).toEqual(['audit-changed']);
    const blue = new Uint8Array(size.width * size.height);
    writeFileSync(join(changed, 'coarse/train/f3.png'), encodeLabelPng(blue, size));
    expect(await start()).toBeNull();
    expect(readdirSync(output).sort()).toEqual(['audit-changed', 'audit-changed-2']);
  });
});

test("a run's own network judges in place of folds, and it is said that it learned from the labels", async () => {
  const run = join(folder, 'own-run');
  await trainRun(config(), { runFolder: run, environment: null });
  const { audit: found, regions } = await audit('by-run', { run });
  expect(found).toMatchObject({ folds: null, run, unjudgedPixels: 0 });
  expect(found.assumptions.join()).toContain('learned from the coarse labels of train themselves');
  expect(regions[0]).toMatchObject({ image: 'f3', given: 'orange', suggested: 'blue' });
});

describe('what cannot be audited is refused in a line', () => {
  test('a single image', async () => {
    const single = join(folder, 'single');
    cpSync(root, single, { recursive: true });
    for (const image of [0, 1, 2, 3, 4])
      for (const kind of ['images', 'coarse']) rmSync(join(single, `${kind}/train/f${image}.png`));
    const data = {
      root: single,
      train: { labels: 'coarse' },
      evaluation: { split: 'train', labels: 'coarse' },
    };
    const failed = auditDataset(config({ data }), { output: join(folder, 'none') });
    await expect(failed).rejects.toThrow(DataError);
    await expect(failed).rejects.toThrow(
      '1 image with coarse labels in train; an audit learns from other images',
    );
  });

  test('a config that trains a whole network, and options out of range', async () => {
    await expect(auditDataset(config({ quick: null }), { output: join(folder, 'x') })).rejects.toThrow(
      ConfigError,
    );
    await expect(audit('x', { folds: 1 })).rejects.toThrow(OperationError);
    await expect(audit('x', { seeds: 0 })).rejects.toThrow('expected seeds from 1 to 100, received 0');
    await expect(audit('x', { shown: -1 })).rejects.toThrow('expected regions from 0');
  });
});

test('images without labels are left out, and labels of no pixel have no region', async () => {
  const partly = join(folder, 'partly');
  cpSync(root, partly, { recursive: true });
  rmSync(join(partly, 'coarse/train/f5.png'));
  const empty = new Uint8Array(size.width * size.height).fill(255);
  writeFileSync(join(partly, 'coarse/train/f4.png'), encodeLabelPng(empty, size));
  const data = {
    root: partly,
    train: { labels: 'coarse' },
    evaluation: { split: 'train', labels: 'coarse' },
  };
  const result = await auditDataset(config({ data }), { folds: 2, output: join(folder, 'partly-audit') });
  expect(result?.audit.images.map(({ image }) => image).sort()).toEqual(['f0', 'f1', 'f2', 'f3', 'f4']);
  expect(result?.audit.images.find(({ image }) => image === 'f4')).toMatchObject({
    labeledPixels: 0,
    score: 0,
  });
});

test('the command line prints what was found and where it is', async () => {
  const lines = [
    'extends: quick',
    'threads: 1',
    'model:',
    '  backbone: { kind: resnet18, frozen: true, weights: backbone.safetensors }',
    '  head: { kind: hypercolumn, hidden: [] }',
    'quick: { pixels: 256, diskMiB: 64 }',
    'training: { iterations: 20, evaluateEvery: 20, checkpointEvery: 20 }',
  ];
  writeFileSync(join(folder, 'small.yaml'), `${lines.join('\n')}\n`);
  const { code, stdout, stderr } = await coarsely(
    ['audit', 'colors', '--config', 'small.yaml', '--folds', '3', '--regions', '5'],
    { cwd: folder, environment: { XDG_CACHE_HOME: join(folder, 'cache') } },
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('assumed: Each image is judged by a head on frozen resnet18 features');
  expect(stdout).toMatch(/^\d+ regions? of 6 images are suspected to be wrong: /m);
  expect(stdout).toMatch(/^orange +blue +\d+ +/m);
  expect(stdout).toMatch(/^train\/f3 +\d+ +/m);
  expect(stdout).toContain('of the labels could not be judged');
  expect(stdout).toContain('next: look at runs/audit-colors/audit.html');
  expect(regionsIn(join(folder, 'runs/audit-colors/regions.jsonl')).length).toBeGreaterThan(0);
});
