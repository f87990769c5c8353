/** Tests errors that are put into exact labels: what each kind does to an object, how many there are, and the record of them. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InjectedError, injectErrors, injectErrorsIntoFolder } from 'coarsely/coarsen';
import { type ClassList, encodeLabelPng, readLabels } from 'coarsely/data';
import { ConfigError, DataError } from 'coarsely/errors';
import { generateScene } from 'coarsely/scenes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coarsely } from '../cli/run-command.js';

const size = { width: 8, height: 5 };
const digits: Readonly<Record<string, number>> = { '.': 255 };
const labelsOf = (...rows: string[]) =>
  Uint8Array.from(rows.join(''), (character) => digits[character] ?? Number(character));
const rowsOf = (labels: Uint8Array) =>
  Array.from({ length: size.height }, (_, y) =>
    [...labels.subarray(y * size.width, (y + 1) * size.width)]
      .map((label) => (label === 255 ? '.' : String(label)))
      .join(''),
  );
const shiftOf = ([error]: readonly InjectedError[]) => error?.shift ?? [0, 0];
// The object of class 2 has an unlabeled strip around it, as fine labels often have.
const street = labelsOf(
  '00000000', //
  '00....00',
  '11.22.11',
  '11....11',
  '11111111',
);
// Of the regions, only the object has less than a tenth of the 40 pixels.
const objects = { share: 1, minimumArea: 0, maximumArea: 0.1, seed: 1 };

describe('injectErrors', () => {
  it('drops an object: what lies around it takes its place, across an unlabeled strip', () => {
    const { labels, errors } = injectErrors(street, { ...size, ...objects, kind: 'drop' });
    expect(rowsOf(labels)).toEqual(['00000000', '00....00', '11.00.11', '11....11', '11111111']);
    expect(errors).toEqual([{ kind: 'drop', box: [3, 2, 2, 1], pixels: 2, from: 2, to: null, shift: null }]);
  });

  it('swaps the class of an object for another of the image, or of all that there are', () => {
    const { labels, errors } = injectErrors(street, { ...size, ...objects, kind: 'swap' });
    const [{ to } = { to: null }] = errors;
    expect([0, 1]).toContain(to);
    expect(rowsOf(labels)[2]).toBe(`11.${to}${to}.11`);
    expect(labels.filter((label, pixel) => label !== street[pixel])).toHaveLength(2);
    const drawn = Array.from({ length: 60 }, (_, seed) => {
      const options = { ...size, ...objects, kind: 'swap', classCount: 4, seed } as const;
      return injectErrors(street, options).errors[0]?.to;
    });
    expect([...new Set(drawn)].toSorted()).toEqual([0, 1, 3]);
  });

  it('shifts an object by the stated distance, and covers the place that it leaves', () => {
    const distance = 2 / Math.hypot(size.width, size.height);
    const { labels, errors } = injectErrors(street, { ...size, ...objects, kind: 'shift', distance });
    const [x, y] = shiftOf(errors);
    expect(Math.hypot(x, y)).toBeGreaterThan(1);
    expect(Math.hypot(x, y)).toBeLessThan(3);
    const expected = injectErrors(street, { ...size, ...objects, kind: 'drop' }).labels;
    for (const left of [3, 4]) expected[(2 + y) * size.width + left + x] = 2;
    expect(rowsOf(labels)).toEqual(rowsOf(expected));
  });

  it('cuts off what leaves the image, and leaves alone what is no object', () => {
    const corner = labelsOf('22000000', '00000000', '00000000', '00000000', '00000000');
    for (let seed = 0; seed < 20; seed++) {
      const options = { ...size, ...objects, kind: 'shift', distance: 0.3, seed } as const;
      const { labels, errors } = injectErrors(corner, options);
      const [x, y] = shiftOf(errors);
      const left = [0, 1].filter((column) => column + x >= 0 && y >= 0);
      expect([...labels].filter((label) => label === 2)).toHaveLength(left.length);
    }
    const limits = [{ minimumArea: 0.1 }, { maximumArea: 0.04 }];
    for (const limit of limits) {
      const { labels, errors } = injectErrors(street, { ...size, ...objects, ...limit, kind: 'drop' });
      expect([labels, errors]).toEqual([street, []]);
    }
    const full = new Uint8Array(40).fill(3);
    const options = { ...size, ...objects, maximumArea: 1, kind: 'drop' } as const;
    expect(injectErrors(full, options)).toEqual({ labels: full, errors: [] });
  });

  it('puts errors into about the stated share of the objects, the same ones with the same seed', () => {
    const scene = { width: 160, height: 120 };
    const { labels } = generateScene({ seed: 5, index: 2, ...scene });
    const given = { ...scene, kind: 'swap', minimumArea: 0.00005, classCount: 8 } as const;
    const all = injectErrors(labels, { ...given, share: 1, seed: 0 }).errors.length;
    const counts = Array.from(
      { length: 40 },
      (_, seed) => injectErrors(labels, { ...given, share: 0.25, seed }).errors.length,
    );
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(all).toBeGreaterThan(8);
    // Four standard deviations of the mean of that many draws.
    expect(Math.abs(mean - 0.25 * all)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75 * all) / counts.length));
    const options = { ...given, share: 0.25, seed: 7 };
    expect(injectErrors(labels, options)).toEqual(injectErrors(labels, options));
  });

  it('refuses what is out of range', () => {
    const refused = (changes: object) =>
      expect(() => injectErrors(street, { ...size, ...objects, kind: 'drop', ...changes }));
    refused({ share: 0 }).toThrow(
      new ConfigError('errors: expected a share above 0 and at most 1, received 0'),
    );
    refused({ distance: Number.NaN }).toThrow('errors: expected a distance from 0 to 1, received NaN');
    refused({ kind: 'dorp' }).toThrow(
      "errors: no kind 'dorp'; did you mean drop?; expected drop, swap, shift",
    );
  });
});

describe('injectErrorsIntoFolder', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'coarsely-errors-'));
    await mkdir(join(root, 'fine', 'train'), { recursive: true });
    await writeFile(join(root, 'fine', 'train', 'a.png'), encodeLabelPng(street, size));
    await writeFile(join(root, 'classes.json'), JSON.stringify(['road', 'grass', 'car']));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const classList: ClassList = {
    classes: ['road', 'grass', 'car'].map((name) => ({ name, color: [0, 0, 0] })),
    ignoredValue: 255,
  };

  it('writes the labels and a record of every error, and never touches the labels that it reads', async () => {
    const before = await readFile(join(root, 'fine', 'train', 'a.png'));
    const out = join(root, 'dropped');
    const options = { ...objects, kind: 'drop', classList } as const;
    const result = await injectErrorsIntoFolder(join(root, 'fine'), out, options);
    expect(result).toEqual({ files: 1, errors: 1, labeledPixels: 30, wrongPixels: 2, outsidePixels: 0 });
    const { labels } = await readLabels(join(out, 'train', 'a.png'), classList);
    expect(rowsOf(labels)[2]).toBe('11.00.11');
    expect(JSON.parse(await readFile(join(out, 'errors.json'), 'utf8'))).toMatchObject({
      kind: 'drop',
      seed: 1,
      share: 1,
      wrongPixels: 2,
      images: [
        {
          file: join('train', 'a.png'),
          errors: [{ kind: 'drop', box: [3, 2, 2, 1], pixels: 2, from: 'car', to: null, shift: null }],
        },
      ],
    });
    expect(await readFile(join(root, 'fine', 'train', 'a.png'))).toEqual(before);
    await expect(injectErrorsIntoFolder(join(root, 'fine'), out, options)).rejects.toThrow(DataError);
  });

  it('is a command', async () => {
    const out = join(root, 'swapped');
    const command = ['coarsen', 'errors', join(root, 'fine'), out, '--kind', 'swap', '--share', '1'];
    const { stdout, code } = await coarsely(command);
    // Of the four regions none is as large as a tenth of the image but the object.
    expect([code, stdout.replaceAll(root, '')]).toEqual([
      0,
      'wrote 1 label file with 1 error to /swapped; 6.67 % of the labeled pixels are wrong\n',
    ]);
    expect((await readdir(out)).toSorted()).toEqual(['errors.json', 'train']);
  });
});
