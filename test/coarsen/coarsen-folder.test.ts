/** Tests coarsening of a folder: which files it writes, and what it refuses. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coarsenFolder } from 'coarsely/coarsen';
import type { ClassList } from 'coarsely/data';
import { type CoarselyError, ConfigError, DataError, FileError } from 'coarsely/errors';
import { generateScene } from 'coarsely/scenes';
import { decode, encode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const size = { width: 120, height: 80 };
let root: string;
let fine: string;
let out: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'coarsely-coarsen-'));
  fine = join(root, 'fine');
  out = join(root, 'out');
  await mkdir(join(fine, 'train'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

function scene(index: number): Uint8Array {
  return generateScene({ seed: 3, index, ...size }).labels;
}

async function writeGray(path: string, labels: Uint8Array): Promise<void> {
  await writeFile(path, encode({ ...size, data: labels, channels: 1, depth: 8 }));
}

/** Returns the message of a rejection without the temporary folder. Fails when nothing is thrown. */
async function messageOf(promise: Promise<unknown>, type: typeof CoarselyError = DataError): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(type);
  return (error as Error).message.replaceAll(root, '');
}

describe('coarsenFolder', () => {
  it('coarsens every PNG into the same place and says how coarse it came out', async () => {
    await writeGray(join(fine, 'a.png'), scene(0));
    await writeGray(join(fine, 'train', 'b.png'), scene(1));
    await writeFile(join(fine, 'notes.txt'), 'not a label');
    const seen: [number, number][] = [];
    const result = await coarsenFolder(fine, out, { onProgress: (done, total) => seen.push([done, total]) });
    expect(result.files).toBe(2);
    expect(seen).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(result.coverage).toBeGreaterThan(0.3);
    expect(result.coverage).toBeLessThan(0.8);
    expect(result.agreement).toBeGreaterThan(0.9);
    expect((await readdir(out, { recursive: true })).sort()).toEqual([
      'a.png',
      'train',
      join('train', 'b.png'),
    ]);
    const written = decode(await readFile(join(out, 'train', 'b.png')));
    expect([written.width, written.height, written.channels, written.depth]).toEqual([120, 80, 1, 8]);
    expect(new Set(written.data).has(255)).toBe(true);
    // Nothing of the staging folder is left.
    expect((await readdir(root)).sort()).toEqual(['fine', 'out']);
  });

  it("depends on the seed and the file's place alone, not on the other files", async () => {
    await writeGray(join(fine, 'train', 'b.png'), scene(1));
    await coarsenFolder(fine, out);
    await writeGray(join(fine, 'a.png'), scene(0));
    await coarsenFolder(fine, join(root, 'again'));
    await coarsenFolder(fine, join(root, 'other'), { seed: 1 });
    const read = (folder: string): Promise<Buffer> => readFile(join(root, folder, 'train', 'b.png'));
    expect(await read('again')).toEqual(await read('out'));
    expect(await read('other')).not.toEqual(await read('out'));
  });

  it('reads palette PNGs by their raw index', async () => {
    const labels = scene(0);
    const palette = Array.from({ length: 8 }, (_, i) => [255 - i, i, 10 * i]);
    await writeGray(join(root, 'gray.png'), labels);
    await writeFile(
      join(fine, 'gray.png'),
      encode({ ...size, data: labels, channels: 1, depth: 8, palette }),
    );
    await coarsenFolder(fine, out);
    await rm(join(fine, 'gray.png'));
    await writeGray(join(fine, 'gray.png'), labels);
    await coarsenFolder(fine, join(root, 'from-gray'));
    expect(await readFile(join(out, 'gray.png'))).toEqual(
      await readFile(join(root, 'from-gray', 'gray.png')),
    );
  });

  it('passes parameters on', async () => {
    await writeGray(join(fine, 'a.png'), scene(0));
    const careful = await coarsenFolder(fine, out, {
      insetShare: 0,
      insetLimit: 0,
      simplify: 0,
      skip: 0,
      jitter: 0,
    });
    const quick = await coarsenFolder(fine, join(root, 'quick'), { insetLimit: 0.06 });
    expect(careful.coverage).toBeGreaterThan(0.95);
    expect(quick.coverage).toBeLessThan(0.7);
  });

  it('adds to a folder, but overwrites nothing in it', async () => {
    await writeGray(join(fine, 'a.png'), scene(0));
    await coarsenFolder(fine, out);
    const before = await readFile(join(out, 'a.png'));
    expect(await messageOf(coarsenFolder(fine, out, { seed: 5 }))).toBe(
      '/out/a.png: exists already and is never overwritten; choose another folder or remove it',
    );
    expect(await readFile(join(out, 'a.png'))).toEqual(before);
    await rm(join(fine, 'a.png'));
    await writeGray(join(fine, 'train', 'b.png'), scene(1));
    await coarsenFolder(fine, out);
    expect((await readdir(out)).sort()).toEqual(['a.png', 'train']);
  });

  it('leaves nothing behind when one file is bad', async () => {
    await writeGray(join(fine, 'a.png'), scene(0));
    await writeFile(join(fine, 'b.png'), 'no PNG at all, but long enough for a header');
    expect(await messageOf(coarsenFolder(fine, out))).toMatch(/^\/fine\/b\.png: not a PNG/);
    expect(await readdir(root)).toEqual(['fine']);
  });

  it('names what is wrong with its folders', async () => {
    expect(await messageOf(coarsenFolder(join(root, 'nowhere'), out))).toBe(
      '/nowhere: no such folder; expected a folder of fine label PNGs',
    );
    expect(await messageOf(coarsenFolder(fine, out))).toBe(
      '/fine: no PNG in it; expected a folder of fine label PNGs',
    );
    await writeGray(join(fine, 'a.png'), scene(0));
    for (const inside of [fine, join(fine, 'coarse')]) {
      expect(await messageOf(coarsenFolder(fine, inside))).toMatch(/lies in the folder of fine labels/);
    }
    await writeFile(join(root, 'file'), '');
    expect(await messageOf(coarsenFolder(fine, join(root, 'file', 'out')), FileError)).toMatch(
      /^\/file\/out: cannot be written/,
    );
  });

  it('names the file and value of a label in no class', async () => {
    const classList: ClassList = {
      classes: [
        { name: 'sky', color: [1, 2, 3] },
        { name: 'rest', color: [4, 5, 6] },
      ],
      ignoredValue: 255,
    };
    await writeGray(join(fine, 'a.png'), new Uint8Array(size.width * size.height).fill(1).fill(7, 123, 200));
    expect(await messageOf(coarsenFolder(fine, out, { classList }))).toMatch(
      /^\/fine\/a\.png: label 7 at pixel \(3, 1\)/,
    );
  });

  it('wants a list of classes for labels in color, and some label at all', async () => {
    const rgb = new Uint8Array(3 * size.width * size.height).fill(9);
    await writeFile(join(fine, 'a.png'), encode({ ...size, data: rgb, channels: 3, depth: 8 }));
    expect(await messageOf(coarsenFolder(fine, out))).toMatch(
      /a\.png: labels by color need a list of classes/,
    );
    await writeGray(join(fine, 'a.png'), new Uint8Array(size.width * size.height).fill(255));
    expect(await messageOf(coarsenFolder(fine, out))).toMatch(/^\/fine: no labeled pixel in 1 files/);
    expect(await readdir(root)).toEqual(['fine']);
  });

  it('rejects unusable parameters, with the nearest name for an unknown one', async () => {
    const reject = (options: object): Promise<string> =>
      messageOf(coarsenFolder(fine, out, options), ConfigError);
    expect(await reject({ seed: -1 })).toMatch(/non-negative integer as seed, received -1/);
    expect(await reject({ simplify: Number.NaN })).toMatch(/non-negative number as simplify, received NaN/);
    expect(await reject({ insetLimt: 0.1 })).toMatch(/no parameter 'insetLimt'.*insetLimit/);
  });
});

describe('palettes that mean different classes by one index', () => {
  const classList: ClassList = {
    classes: [
      { name: 'bg', color: [0, 0, 0] },
      { name: 'a', color: [255, 0, 0] },
    ],
    statedColors: [
      [0, 0, 0],
      [255, 0, 0],
    ],
    ignoredValue: 255,
  };
  const write = async (name: string, palette: number[][], first: number) => {
    const data = Uint8Array.from({ length: 120 * 80 }, (_, at) => (at % 120 < 60 ? first : 1 - first));
    await writeFile(join(fine, 'train', name), encode({ ...size, data, channels: 1, depth: 8, palette }));
  };
  beforeEach(async () => {
    await write(
      'one.png',
      [
        [0, 0, 0],
        [255, 0, 0],
      ],
      0,
    );
    await write(
      'two.png',
      [
        [255, 0, 0],
        [0, 0, 0],
      ],
      1,
    );
  });

  it('are refused', async () => {
    await expect(coarsenFolder(fine, out, { classList })).rejects.toThrow(/--label-encoding color/);
  });

  it('are read by color when that is stated', async () => {
    await coarsenFolder(fine, out, { classList, labelEncoding: 'color' });
    const [one, two] = await Promise.all(
      ['one.png', 'two.png'].map(async (name) => decode(await readFile(join(out, 'train', name))).data),
    );
    expect(one?.[40 * 120 + 20]).toBe(0);
    expect(two?.[40 * 120 + 20]).toBe(0);
    expect(one?.[40 * 120 + 100]).toBe(1);
  });
});
