import { join } from 'node:path';
import { openDataset } from 'coarsely/data';
import { inferLabels, loadRun } from 'coarsely/evaluation';
import { scope } from 'coarsely/torch';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '#server/api.js';
import { createContext, type ServerContext } from '#server/context.js';
import { writeDataset, writeRun } from '../report/synthetic-run.js';
import { temporaryFolder, viewWorkspace } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
const root = join(folder, 'data');
let context: ServerContext;
let api: ReturnType<typeof createApi>;

beforeAll(async () => {
  await writeDataset(root);
  writeRun(join(folder, 'runs/weighted'), { name: 'weighted', root, reweighter: { kind: 'arm' } });
  writeRun(join(folder, 'runs/plain'), { name: 'plain', root });
  context = createContext(viewWorkspace(folder, { split: 'val' }));
  api = createApi(context);
});
afterAll(async () => {
  await context.close();
  remove();
});

async function imageName(): Promise<{
  readonly name: string;
  readonly width: number;
  readonly height: number;
}> {
  const dataset = await context.dataset();
  const { names } = await dataset.imageNames('val', { from: 0, count: 1 });
  const name = names[0] as string;
  return { name, ...(await dataset.imageSize('val', name)) };
}

async function ask(query: Readonly<Record<string, string>>): Promise<Response> {
  const { name } = await imageName();
  return api.request(`/data/layer?${new URLSearchParams({ split: 'val', name, form: 'values', ...query })}`);
}

async function valuesOf(response: Response): Promise<Uint8Array> {
  expect(response.status).toBe(200);
  const picture = sharp(Buffer.from(await response.arrayBuffer())).toColourspace('b-w');
  return new Uint8Array(await picture.extractChannel(0).raw().toBuffer());
}

describe('layers of a run', () => {
  it('are listed for the runs with a checkpoint', async () => {
    const { runs } = (await (await api.request('/data')).json()) as { readonly runs: string[] };
    expect(runs).toEqual(['plain', 'weighted']);
  });

  it('show the prediction of its network', async () => {
    const { name, width, height } = await imageName();
    const shown = await valuesOf(await ask({ run: 'weighted', layer: 'prediction' }));
    using run = await loadRun(join(folder, 'runs/weighted'));
    const dataset = await openDataset({ kind: 'folder', root, split: 'val', labels: 'fine' });
    const index = Array.from({ length: dataset.length }, (_, place) => dataset.name(place)).indexOf(name);
    const sample = await dataset.read(index);
    using _temporaries = scope();
    const expected = [...inferLabels(run.model, [sample]).toTypedArray()].map(Number);
    expect(shown.length).toBe(width * height);
    // Folded layers round otherwise, which decides where two classes are alike.
    expect(expected.filter((label, pixel) => label === shown[pixel]).length).toBeGreaterThan(
      0.98 * shown.length,
    );
  });

  it('weigh the labels that are named, with a mean of about 1', async () => {
    const kinds = await (await context.dataset()).labelKinds('val');
    const labels = kinds[0] as string;
    const weights = await valuesOf(await ask({ run: 'weighted', layer: 'weight', labels }));
    const known = [...weights].filter((byte) => byte !== 255).map((byte) => byte / 127);
    expect(known.length).toBeGreaterThan(0);
    expect(known.reduce((sum, weight) => sum + weight, 0) / known.length).toBeCloseTo(1, 1);
  });

  it('are refused where the run has none', async () => {
    const response = await ask({ run: 'plain', layer: 'weight' });
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: 'this run has no weights: it trains on the plain mean of the losses' },
    ]);
  });

  it('are not sent again to a browser that has them', async () => {
    const { name } = await imageName();
    const path = `/data/layer?${new URLSearchParams({ split: 'val', name, run: 'plain', layer: 'confidence', width: '16' })}`;
    const first = await api.request(path);
    expect(first.status).toBe(200);
    const etag = first.headers.get('etag') ?? '';
    expect((await api.request(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });
});
