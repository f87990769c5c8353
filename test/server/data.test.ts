import { copyFileSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '#server/api.js';
import { createContext, type ServerContext } from '#server/context.js';
import { chooseImages } from '#server/images/choose-images.js';
import { scaleClasses } from '#server/predictor/layer-colors.js';
import { planeOf, stackPlanes } from '#server/predictor/map-planes.js';
import { labelShares } from '#server/statistics/label-shares.js';
import { StatisticsTable } from '#server/statistics/statistics-table.js';
import { temporaryFolder, viewWorkspace, writeSmallDataset } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
const data = join(folder, 'data');
let context: ServerContext;
let api: ReturnType<typeof createApi>;

beforeAll(async () => {
  await writeSmallDataset(data, { images: 5 });
  rmSync(join(data, 'coarse/train/b.png'));
  writeFileSync(join(data, 'coarse/train/c.png'), 'no picture');
  const audit = join(folder, 'runs/audit-data');
  mkdirSync(audit, { recursive: true });
  const images = [
    { split: 'train', image: 'd', score: 0.2, regions: 3 },
    { split: 'train', image: 'a', score: 0.05, regions: 1 },
  ];
  writeFileSync(join(audit, 'audit.json'), JSON.stringify({ split: 'train', labels: 'coarse', images }));
  context = createContext(viewWorkspace(folder));
  api = createApi(context);
  await until(async () => (await list()).measured === 5);
});
afterAll(async () => {
  await context.close();
  remove();
});

interface Listed {
  readonly total: number;
  readonly fitting: number;
  readonly measured: number;
  readonly unreadable: number;
  readonly error: string | null;
  readonly images: { name: string; coverage: number | null; score: number | null; problem: string | null }[];
}

async function list(query = ''): Promise<Listed> {
  const response = await api.request(`/data/images?split=train&labels=coarse${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Listed;
}

async function names(query: string): Promise<string> {
  return (await list(query)).images.map(({ name }) => name).join('');
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the list of images', () => {
  it('says what the labels of each image cover', async () => {
    const { total, fitting, unreadable, error, images } = await list();
    expect({ total, fitting, unreadable, error }).toEqual({
      total: 5,
      fitting: 5,
      unreadable: 1,
      error: null,
    });
    expect(images.map(({ coverage }) => coverage)).toEqual([0.5, 0, null, 0.5, 0.5]);
    expect(images[2]?.problem).toContain('c.png');
    expect(images.map(({ score }) => score)).toEqual([0.05, null, null, 0.2, null]);
  });

  it('is filtered by class, coverage, score and name, and what is not known does not fit', async () => {
    expect(await names('&class=1')).toBe('ade');
    expect(await names('&leastCoverage=0.5')).toBe('ade');
    expect(await names('&mostCoverage=0.1')).toBe('b');
    expect(await names('&leastScore=0.1')).toBe('d');
    expect(await names('&unreadable=true')).toBe('c');
    expect(await names('&search=D')).toBe('d');
  });

  it('is ordered, with what is not known at the end', async () => {
    expect(await names('&sort=score&order=down')).toBe('dabce');
    expect(await names('&sort=coverage&order=up')).toBe('badec');
    expect(await names('&order=down')).toBe('edcba');
  });

  it('comes in pages', async () => {
    expect(await names('&from=1&count=2')).toBe('bc');
    expect(await names('&from=99')).toBe('');
  });

  it('refuses what is no split and no number', async () => {
    const wrong = await api.request('/data/images?split=none&labels=coarse');
    expect([wrong.status, await wrong.json()]).toEqual([
      404,
      { error: expect.stringContaining("split 'none'") },
    ]);
    const share = await api.request('/data/images?split=train&labels=coarse&leastCoverage=7');
    expect([share.status, await share.json()]).toEqual([
      400,
      { error: expect.stringContaining('leastCoverage') },
    ]);
  });
});

it('keeps what was counted, and counts files anew that changed', async () => {
  const { cache } = context.workspace;
  const other = createContext({ ...context.workspace, cache });
  const again = createApi(other);
  const ask = async () =>
    (await (await again.request('/data/images?split=train&labels=coarse')).json()) as Listed;
  copyFileSync(join(data, 'fine/train/a.png'), join(data, 'coarse/train/a.png'));
  utimesSync(join(data, 'coarse/train/a.png'), 1000, 1000);
  await until(async () => (await ask()).measured === 5);
  expect((await ask()).images.map(({ coverage }) => coverage)).toEqual([1, 0, null, 0.5, 0.5]);
  await other.close();
});

it('says of an image its size, its labels and what the audit found', async () => {
  const response = await api.request('/data/image?split=train&name=b');
  expect(await response.json()).toEqual({
    ...{ split: 'train', name: 'b', width: 24, height: 16, labels: ['fine'], audit: null },
  });
  const missing = await api.request('/data/image?split=train&name=../../x');
  expect(missing.status).toBe(404);
});

it('links what a check finds to the images', async () => {
  interface Checked {
    readonly state: string;
    readonly found: { findings: { code: string; examples: { text: string; image: unknown }[] }[] };
  }
  const ask = async () => (await (await api.request('/data/check')).json()) as Checked;
  await until(async () => (await ask()).state !== 'running');
  const { state, found } = await ask();
  expect(state).toBe('done');
  const unreadable = found.findings.find(({ code }) => code === 'unreadable-labels');
  expect(unreadable?.examples[0]?.image).toEqual({ split: 'train', name: 'c' });
  const without = found.findings.find(({ code }) => code === 'image-without-labels');
  expect(without?.examples[0]?.image).toEqual({ split: 'train', name: 'b' });
});

it('refuses predictions of runs that are not in the list', async () => {
  const response = await api.request('/data/layer?split=train&name=a&run=..%2Fother&layer=prediction');
  expect([response.status, await response.json()]).toEqual([
    404,
    { error: expect.stringContaining("'../other'") },
  ]);
});

it('counts the pixels of each class', () => {
  expect(labelShares(Uint8Array.of(0, 0, 2, 255))).toEqual({ coverage: 0.75, shares: { 0: 0.5, 2: 0.25 } });
});

it('filters and orders 20 000 images at once', () => {
  const count = 20_000;
  const table = new StatisticsTable(count, 19);
  for (let index = 0; index < count; index++) {
    table.set(index, { coverage: ((index * 7919) % count) / count, shares: { 3: (index % 10) / 10 } });
  }
  const list = { length: count, name: (index: number) => `image-${index}`, indexOf: () => undefined };
  const knowledge = { list, table, score: () => null };
  const chosen = chooseImages({ class: 3, sort: 'coverage', order: 'up' }, knowledge);
  expect(chosen.length).toBe(18_000);
  expect(table.coverage(chosen[0] as number)).toBeLessThanOrEqual(table.coverage(chosen[1] as number));
});

it('keeps prediction, confidence and weight in planes of one picture', () => {
  const planes = stackPlanes({
    prediction: Uint8Array.of(3, 1),
    confidence: Float32Array.of(-1, 1),
    weights: Float32Array.of(Number.NaN, 5),
  });
  const size = { width: 2, height: 1 };
  expect([...(planeOf(planes, { layer: 'prediction', ...size }) ?? [])]).toEqual([3, 1]);
  expect([...(planeOf(planes, { layer: 'confidence', ...size }) ?? [])]).toEqual([0, 254]);
  expect([...(planeOf(planes, { layer: 'weight', ...size }) ?? [])]).toEqual([255, 254]);
  expect(planeOf(planes.subarray(0, 4), { layer: 'weight', ...size })).toBeNull();
  // The ends of viridis.
  const colors = scaleClasses('confidence');
  expect([colors[0]?.color, colors[254]?.color]).toEqual([
    [68, 1, 84],
    [253, 231, 37],
  ]);
});
