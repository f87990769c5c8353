import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJournal } from 'coarsely/review';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatRuns, maskRuns } from '#geometry/index.js';
import { createApi } from '#server/api.js';
import { createContext } from '#server/context.js';
import { strokeRings } from '#server/review/stroke-rings.js';
import { smallImage, temporaryFolder, viewWorkspace, writeSmallDataset } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
const workspace = viewWorkspace(folder);
const journal = workspace.journal as string;
let context: ReturnType<typeof createContext>;
let api: ReturnType<typeof createApi>;

/** Makes a region of the two upper left pixels of an image, which are sky in `coarse`. */
function region(image: string, kind: string) {
  const mask = new Uint8Array(smallImage.width * smallImage.height);
  mask.fill(1, 0, 2);
  const runs = formatRuns(maskRuns(mask, smallImage));
  const about = {
    split: 'train',
    image,
    labels: 'coarse',
    ...smallImage,
    box: [0, 0, 2, 1],
    pixels: 2,
    runs,
  };
  const scores = { expectedWrong: 1, confidence: 0.9, loss: 2, weight: 0.5 };
  return { id: `region-${image}`, ...about, given: 'sky', suggested: 'road', ...scores, kind };
}

beforeAll(async () => {
  const root = join(folder, 'data');
  await writeSmallDataset(root);
  const audit = workspace.audit as string;
  mkdirSync(audit, { recursive: true });
  const regions = [region('a', 'object'), region('b', 'edge'), region('c', 'object')];
  writeFileSync(join(audit, 'regions.jsonl'), regions.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const summary = {
    ...{ version: 1, root, split: 'train', labels: 'coarse', classes: [{ name: 'sky' }, { name: 'road' }] },
    ...{
      suspectedPixels: 8,
      swaps: [
        [0, 3],
        [0, 0],
      ],
      coverage: [{ regions: 3, pixels: 6, share: 0.75 }],
    },
  };
  writeFileSync(join(audit, 'audit.json'), JSON.stringify(summary));
  context = createContext(workspace);
  api = createApi(context);
});
afterAll(async () => {
  await context.close();
  remove();
});

interface Answer {
  readonly total: number;
  readonly regions: readonly { readonly image: string; readonly place: number }[];
}

async function get(path: string): Promise<Answer> {
  return (await (await api.request(path)).json()) as Answer;
}

function post(path: string, body: object) {
  const headers = { 'content-type': 'application/json' };
  return api.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

const ids = Array.from({ length: 6 }, (_, index) => `00000000-0000-4000-8000-00000000000${index}`);

test('regions come in the order of the audit, with their outline, by kind', async () => {
  const { total, regions } = await get('/review/regions?kind=object');
  expect(total).toBe(2);
  expect(regions.map(({ image }) => image)).toEqual(['a', 'c']);
  expect(regions[0]).toMatchObject({ problem: null, decision: null, rings: [[2, 0, 2, 1, 0, 1, 0, 0]] });
});

test('a decision is a line of the journal once, is passed over afterwards, and can be taken back', async () => {
  const body = { id: ids[0], action: 'accept', region: 'region-a', seconds: 1.5 };
  for (let sent = 0; sent < 2; sent++) expect((await post('/review/decisions', body)).status).toBe(201);
  expect(readJournal(journal).lines.map(({ line }) => line)).toMatchObject([
    { id: ids[0], action: 'accept', seconds: 1.5, by: 'test', region: { id: 'region-a' } },
  ]);
  expect(await get('/review')).toMatchObject({ misfit: null, progress: { decided: 1, share: 0.25 } });
  expect((await get('/review/regions?undecided=true')).regions[0]?.place).toBe(1);
  const undone = await post('/review/undo', { id: ids[1] });
  expect(await undone.json()).toMatchObject({ line: ids[0], place: 0 });
  expect((await get('/review/regions?undecided=true')).regions[0]?.place).toBe(0);
  expect((await post('/review/undo', { id: ids[2] })).status).toBe(409);
});

test('unknown classes and regions are refused, and no line is written', async () => {
  const before = readFileSync(journal, 'utf8');
  const assign = { id: ids[3], action: 'assign', region: 'region-a', class: 'rode', seconds: 1 };
  expect((await post('/review/decisions', assign)).status).toBe(400);
  const unknown = { id: ids[3], action: 'keep', region: 'region-x', seconds: 1 };
  expect((await post('/review/decisions', unknown)).status).toBe(404);
  expect(readFileSync(journal, 'utf8')).toBe(before);
});

test('a stroke of the brush is a polygon of the pixels whose centers it covers', async () => {
  // The centers of (4, 4), (5, 4) and (6, 4) are within half a pixel of the line from (4.5, 4.5) to (6.5, 4.5).
  const stroke = { points: [4.5, 4.5, 6.5, 4.5], size: 1 };
  expect(strokeRings([stroke], smallImage)).toEqual([[7, 4, 7, 5, 4, 5, 4, 4]]);
  const drawing = { id: ids[4], split: 'train', image: 'a', class: 'road', seconds: 2, strokes: [stroke] };
  expect((await post('/review/drawings', drawing)).status).toBe(201);
  expect(readJournal(journal).lines.at(-1)?.line).toMatchObject({ action: 'polygon', class: 'road' });
});

test('a region whose labels changed since the audit is refused', async () => {
  const label = (name: string) => join(folder, 'data/coarse/train', `${name}.png`);
  const { default: sharp } = await import('sharp');
  const road = new Uint8Array(smallImage.width * smallImage.height).fill(1);
  const raw = { raw: { ...smallImage, channels: 1 as const } };
  await sharp(road, raw).toColourspace('b-w').png().toFile(label('c'));
  const keep = { id: ids[5], action: 'unlabel', region: 'region-c', seconds: 1 };
  const refused = await post('/review/decisions', keep);
  expect(refused.status).toBe(409);
  expect(((await refused.json()) as { error: string }).error).toContain('no longer');
});
