import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '#server/api.js';
import { createContext, type ServerContext } from '#server/context.js';
import { PictureCache } from '#server/pictures/picture-cache.js';
import { smallImage, temporaryFolder, viewWorkspace, writeSmallDataset } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
const outside = temporaryFolder();
const data = join(folder, 'data');
let context: ServerContext;
let api: ReturnType<typeof createApi>;

beforeAll(async () => {
  await writeSmallDataset(data);
  await writeSmallDataset(join(outside.folder, 'other'));
  symlinkSync(join(outside.folder, 'other/images/train/a.png'), join(data, 'images/train/z.png'));
  context = createContext(viewWorkspace(folder));
  api = createApi(context);
});
afterAll(async () => {
  await context.close();
  remove();
  outside.remove();
});

const get = (path: string, headers: Record<string, string> = {}) => api.request(path, { headers });
async function pixels(path: string) {
  const response = await get(path);
  expect(response.status).toBe(200);
  const { data: bytes, info } = await sharp(Buffer.from(await response.arrayBuffer()))
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { bytes, ...info };
}

describe('pictures of images', () => {
  it('are as large as asked for and never larger than the image', async () => {
    const { width, height, bytes } = await pixels('/pictures/image?split=train&name=c&width=12');
    expect([width, height]).toEqual([12, 8]);
    expect(bytes[0]).toBeGreaterThan(15);
    expect(bytes[0]).toBeLessThan(25);
    expect((await pixels('/pictures/image?split=train&name=c&width=400')).width).toBe(smallImage.width);
  });

  it('show a part, cut at the edge of the image', async () => {
    const { width, height } = await pixels('/pictures/image?split=train&name=a&crop=20,10,100,100');
    expect([width, height]).toEqual([4, 6]);
  });

  it('are asked for again only when the file has changed', async () => {
    const path = '/pictures/image?split=train&name=b&width=10';
    const tag = (await get(path)).headers.get('etag') ?? '';
    expect((await get(path, { 'if-none-match': tag })).status).toBe(304);
    utimesSync(join(data, 'images/train/b.png'), 1e9, 1e9);
    expect((await get(path, { 'if-none-match': tag })).status).toBe(200);
  });

  it.each([
    ['an unknown name', 'split=train&name=nothing', 404, "split 'train' has no image 'nothing'"],
    ['a path in place of a name', 'split=train&name=../../classes', 404, "has no image '../../classes'"],
    [
      'a path in place of a split',
      'split=../coarse/train&name=a',
      404,
      "split '../coarse/train' has no image",
    ],
    ['a wrong crop', 'split=train&name=a&crop=1,2', 400, 'crop: expected left,top,width,height in pixels'],
    ['a part outside', 'split=train&name=a&crop=24,0,5,5', 400, 'outside the image of 24×16 pixels'],
    ['no name', 'split=train', 400, 'name: '],
  ])('refuse %s', async (_, query, status, message) => {
    const response = await get(`/pictures/image?${query}`);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: string }).error).toContain(message);
  });

  it('are not made of files that a link leads to outside the dataset, unless their folder is allowed', async () => {
    const response = await get('/pictures/image?split=train&name=z');
    expect(response.status).toBe(403);
    expect(((await response.json()) as { error: string }).error).toMatch(
      /z\.png: a link leads out of the named folders, to .*--linked .*train$/,
    );
    const linked = [outside.folder];
    const other = createContext(viewWorkspace(folder, { linked, cache: join(folder, 'cache-linked') }));
    expect((await createApi(other).request('/pictures/image?split=train&name=z')).status).toBe(200);
    await other.close();
  });
});

describe('pictures of labels', () => {
  it('have the colors of the classes and are transparent where nothing is labeled', async () => {
    const { bytes, width, channels } = await pixels('/pictures/labels?split=train&name=a&labels=coarse');
    expect(channels).toBe(4);
    const at = (row: number) => [...bytes.subarray(4 * row * width, 4 * row * width + 4)];
    expect(at(0)).toEqual([0, 0, 200, 255]);
    expect(at(8)).toEqual([0, 0, 0, 0]);
    expect(at(15)).toEqual([90, 90, 90, 255]);
  });

  it('hold class indices as values on request, in a part and made smaller without mixing them', async () => {
    const path = '/pictures/labels?split=train&name=a&labels=fine&form=values&crop=0,6,24,4&width=12';
    const file = sharp(Buffer.from(await (await get(path)).arrayBuffer()));
    const { width, height, channels } = await file.metadata();
    expect([width, height, channels]).toEqual([12, 2, 1]);
    const bytes = await file.toColourspace('b-w').raw().toBuffer();
    expect([...bytes]).toEqual([...Array(12).fill(0), ...Array(12).fill(1)]);
  });

  it('say which labels an image lacks', async () => {
    const response = await get('/pictures/labels?split=train&name=a&labels=nothing');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "'a' has no labels 'nothing'" });
  });

  it('name a file that cannot be read', async () => {
    const path = join(data, 'coarse/train/c.png');
    writeFileSync(path, 'no picture');
    const response = await get('/pictures/labels?split=train&name=c&labels=coarse');
    expect(response.status).toBe(409);
    expect(((await response.json()) as { error: string }).error).toContain(path);
  });
});

describe('the dataset', () => {
  it('is described by its classes, splits and kinds of labels', async () => {
    expect(await (await get('/workspace/dataset')).json()).toEqual({
      name: 'data',
      classes: [
        { name: 'sky', color: [0, 0, 200] },
        { name: 'road', color: [90, 90, 90] },
      ],
      splits: [
        { name: 'train', labels: ['coarse', 'fine'] },
        { name: 'val', labels: ['coarse', 'fine'] },
      ],
      labels: 'coarse',
      split: 'train',
    });
  });

  it('lists its images by pages', async () => {
    const dataset = await context.dataset();
    expect(await dataset.imageNames('train', { from: 1, count: 2 })).toEqual({ total: 4, names: ['b', 'c'] });
    expect(await dataset.imageSize('train', 'a')).toEqual(smallImage);
  });

  it('is opened again when its files have changed', async () => {
    const before = await context.dataset();
    context.datasetChanged();
    const after = await context.dataset();
    expect(after).not.toBe(before);
  });
});

describe('the cache of pictures', () => {
  const count = (root: string) =>
    readdirSync(root, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length;

  it('makes a picture once, also when it is asked for twice at the same time', async () => {
    const cache = new PictureCache(join(folder, 'once'));
    let made = 0;
    const make = async () => {
      made++;
      return Uint8Array.of(1, 2);
    };
    await Promise.all([cache.get({ a: 1 }, { make }), cache.get({ a: 1 }, { make })]);
    const again = await cache.get({ a: 1 }, { make });
    expect(made).toBe(1);
    expect([...again.bytes]).toEqual([1, 2]);
  });

  it('stays within its size: pictures used longest ago go first', async () => {
    const root = join(folder, 'bounded');
    const cache = new PictureCache(root, { mostBytes: 1000 });
    const make = async () => new Uint8Array(150);
    for (let index = 0; index < 20; index++) {
      await cache.get({ index }, { make });
      await cache.settled();
    }
    expect(count(root)).toBeLessThanOrEqual(6);
    expect(count(root)).toBeGreaterThanOrEqual(4);
  });

  it('goes on after a failure and without a folder that can be written', async () => {
    const place = join(folder, 'file');
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '');
    const cache = new PictureCache(place, { together: 1 });
    await expect(cache.get({ a: 1 }, { make: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    const kept = await cache.get({ a: 1 }, { make: async () => Uint8Array.of(7) });
    expect([...kept.bytes]).toEqual([7]);
    rmSync(place);
  });

  it('does not make what nobody waits for any more, and makes what was asked for last first', async () => {
    const cache = new PictureCache(join(folder, 'order'), { together: 1 });
    const order: string[] = [];
    const gone = new AbortController();
    const ask = (name: string, signal?: AbortSignal) =>
      cache.get(
        { name },
        {
          signal,
          make: async () => {
            order.push(name);
            return Uint8Array.of(1);
          },
        },
      );
    const asked = [ask('first'), ask('second'), ask('third', gone.signal), ask('fourth')];
    gone.abort();
    const results = await Promise.allSettled(asked);
    expect(order).toEqual(['first', 'fourth', 'second']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  it('makes a picture for the reader who still waits when the first one is gone', async () => {
    const cache = new PictureCache(join(folder, 'shared'), { together: 1 });
    const make = async () => Uint8Array.of(5);
    const gone = new AbortController();
    const slow = () => new Promise<Uint8Array>((resolve) => setTimeout(() => resolve(Uint8Array.of(1)), 60));
    const busy = cache.get({ name: 'busy' }, { make: slow });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const first = cache.get({ name: 'same' }, { make, signal: gone.signal });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = cache.get({ name: 'same' }, { make });
    gone.abort();
    const [, left, stayed] = await Promise.allSettled([busy, first, second]);
    expect(left.status).toBe('rejected');
    expect(stayed).toMatchObject({ status: 'fulfilled', value: { bytes: Uint8Array.of(5) } });
  });
});
