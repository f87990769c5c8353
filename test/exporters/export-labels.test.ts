/** Exports the labels of a small dataset and reads what was written. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeLabelPng, readClassList, readLabels } from 'coarsely/data';
import { exportLabels } from 'coarsely/exporters';
import { importDataset } from 'coarsely/importers';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillRings, formatRuns, maskRuns, parseRuns, runsMask } from '#geometry/index.js';
import { bytesOfRows, rowsOfBytes } from '../support/rows.js';

const values = { '.': 255, r: 0, c: 1, t: 2 };
const characters = { 0: 'r', 1: 'c', 2: 't', 255: '.' };
const classes = [
  { name: 'road', color: [128, 64, 128] },
  { name: 'car <&> "1"', color: [0, 0, 142] },
  { name: 'tree', color: [107, 142, 35] },
];
const size = { width: 8, height: 6 };

/** A ring of road with a car inside, a tree below, and open pixels at the right. */
const rows = ['rrrrrr..', 'rccccr..', 'rc..cr..', 'rccccr..', 'rrrrrr..', 'tttttttt'];
const other = ['........', '.cc.....', '.cc.....', '......t.', '........', '........'];

let folder = '';
let dataset = '';

function writeLabels(root: string, name: string, map: readonly string[], labels = 'coarse'): void {
  const place = join(root, labels, name, '..');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(root, labels, `${name}.png`), encodeLabelPng(bytesOfRows(map, values), size));
}

function writeDataset(root: string, maps: Readonly<Record<string, readonly string[]>>): void {
  for (const [place, [name, map]] of Object.entries(maps).entries()) {
    mkdirSync(join(root, 'images', name, '..'), { recursive: true });
    const data = new Uint8Array(size.width * size.height * 3).fill(90 + place);
    writeFileSync(join(root, 'images', `${name}.png`), encode({ ...size, data, channels: 3, depth: 8 }));
    writeLabels(root, name, map);
  }
  writeFileSync(join(root, 'classes.json'), JSON.stringify({ classes }));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'export-'));
  dataset = join(folder, 'data set');
  writeDataset(dataset, { 'train/city/a': rows, 'train/b': other, 'val/c': other });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readJson<Content>(...path: string[]): Content {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}

interface LabelmeFile {
  readonly shapes: readonly {
    readonly label: string;
    readonly points: readonly (readonly [number, number])[];
    readonly group_id: number | null;
    readonly shape_type: string;
  }[];
  readonly imagePath: string;
}

describe('PNGs', () => {
  test('hold the labels and come with the classes', async () => {
    const out = join(folder, 'png');
    const summary = await exportLabels(dataset, out, { labels: 'coarse', format: 'png' });
    expect(summary).toMatchObject({
      images: { train: 2, val: 1 },
      shapes: null,
      tolerance: null,
      unchanged: 0,
    });
    const classList = await readClassList(join(out, 'classes.json'));
    expect(classList.classes).toEqual(classes);
    const { labels } = await readLabels(join(out, 'train/city/a.png'), classList);
    expect(rowsOfBytes(labels, { width: 8, characters })).toEqual(rows);
  });

  test('leave out what an audit doubts, unless somebody decided', async () => {
    const audit = join(folder, 'audit');
    mkdirSync(audit);
    const line = (id: string, image: string, mask: readonly string[], split = 'train') => {
      const runs = formatRuns(maskRuns(bytesOfRows(mask, { '.': 0, x: 1 }), size));
      return `${JSON.stringify({ id, split, image, labels: 'coarse', ...size, runs, given: 'road', loss: 1 })}\n`;
    };
    const blank = '........';
    const regions =
      line('r1', 'city/a', ['xx......', blank, blank, blank, blank, blank]) +
      line('r2', 'b', [blank, '.xx.....', blank, blank, blank, blank]) +
      line('r3', 'gone', [blank, blank, blank, blank, blank, blank]);
    writeFileSync(join(audit, 'regions.jsonl'), regions);
    const out = join(folder, 'png-doubt');
    const options = { labels: 'coarse', format: 'png-doubt' } as const;
    const doubt = { audit, decided: new Set(['r2']) };
    const summary = await exportLabels(dataset, out, { ...options, doubt });
    expect(summary.doubt).toEqual({ regions: 2, pixels: 2, notFound: 1 });
    const classList = await readClassList(join(out, 'classes.json'));
    const a = await readLabels(join(out, 'train/city/a.png'), classList);
    expect(rowsOfBytes(a.labels, { width: 8, characters })).toEqual(['..rrrr..', ...rows.slice(1)]);
    const b = await readLabels(join(out, 'train/b.png'), classList);
    expect(rowsOfBytes(b.labels, { width: 8, characters })).toEqual(other);

    const again = join(folder, 'png-doubt-2');
    writeFileSync(join(audit, 'regions.jsonl'), line('r1', 'b', [blank]).replace('"width":8', '"width":4'));
    await expect(exportLabels(dataset, again, { ...options, doubt: { audit } })).rejects.toThrow(
      /regions\.jsonl: region r1 of train\/b: 4×6 pixels for labels of 8×6; audit the dataset/,
    );
    writeFileSync(join(audit, 'regions.jsonl'), '{"id":"r1"}\n');
    await expect(exportLabels(dataset, again, { ...options, doubt: { audit } })).rejects.toThrow(
      /regions\.jsonl: line 1: is no region of an audit \(split: /,
    );
    writeFileSync(join(audit, 'regions.jsonl'), regions.replaceAll('coarse', 'fine'));
    await expect(exportLabels(dataset, again, { ...options, doubt: { audit } })).rejects.toThrow(
      "is an audit of the labels 'fine', but 'coarse' are exported; name them with --labels",
    );
    await expect(exportLabels(dataset, again, options)).rejects.toThrow('no audit is named');
    await expect(exportLabels(dataset, again, { ...options, format: 'png', doubt })).rejects.toThrow(
      'use png-doubt',
    );
    expect(readdirSync(folder)).not.toContain('png-doubt-2');
  });
});

describe('only changed labels', () => {
  test('are those that differ by class name, and new ones', async () => {
    const earlier = join(folder, 'earlier');
    writeDataset(earlier, { 'train/city/a': rows, 'train/b': rows });
    // The same labels under another order of classes.
    writeFileSync(join(earlier, 'classes.json'), JSON.stringify({ classes: [...classes].reverse() }));
    const swapped = rows.map((row) => row.replaceAll('r', 'x').replaceAll('t', 'r').replaceAll('x', 't'));
    writeLabels(earlier, 'train/city/a', swapped);
    const out = join(folder, 'changed');
    const options = { labels: 'coarse', format: 'labelme', changedSince: earlier } as const;
    const summary = await exportLabels(dataset, out, options);
    expect(summary).toMatchObject({ images: { train: 1, val: 1 }, unchanged: 1 });
    expect(readdirSync(join(out, 'train'))).toEqual(['b.json']);
    await expect(
      exportLabels(dataset, join(folder, 'changed-2'), { ...options, changedSince: dataset }),
    ).rejects.toThrow('none of its 3 label maps differs');
    expect(readdirSync(folder)).not.toContain('changed-2');
  });
});

describe('Labelme', () => {
  test('gets polygons without holes, parts of a region in one group, and the way to the image', async () => {
    const out = join(folder, 'labelme');
    const summary = await exportLabels(dataset, out, { labels: 'coarse', format: 'labelme', tolerance: 0 });
    const file = readJson<LabelmeFile>(out, 'train/city/a.json');
    expect(file).toMatchObject({ imageData: null, imageWidth: 8, imageHeight: 6 });
    expect(file.imagePath).toBe('../../../data set/images/train/city/a.png');
    expect(readFileSync(join(out, 'train/city', file.imagePath)).length).toBeGreaterThan(0);
    expect(readFileSync(join(out, 'labels.txt'), 'utf8')).toBe(
      `${classes.map(({ name }) => name).join('\n')}\n`,
    );
    const drawn = new Uint8Array(48).fill(255);
    const groups = new Map<string, Set<number | null>>();
    for (const { label, points, shape_type: type, group_id: group } of file.shapes) {
      expect(type).toBe('polygon');
      const value = classes.findIndex(({ name }) => name === label);
      fillRings(drawn, { rings: [points.flat()], value, ...size });
      groups.set(label, (groups.get(label) ?? new Set()).add(group));
    }
    expect(rowsOfBytes(drawn, { width: 8, characters })).toEqual(rows);
    // The ring of road and that of the car are cut; the tree is whole.
    expect(file.shapes.filter(({ label }) => label === 'road').length).toBe(2);
    expect([...(groups.get('road') ?? [])]).toEqual([expect.any(Number)]);
    expect([...(groups.get('tree') ?? [])]).toEqual([null]);
    expect(summary).toMatchObject({ shapes: 9, kept: 0, tolerance: 0 });
  });
});

describe('COCO', () => {
  interface CocoFile {
    readonly images: readonly { readonly id: number; readonly file_name: string }[];
    readonly categories: readonly { readonly id: number; readonly name: string }[];
    readonly annotations: readonly {
      readonly image_id: number;
      readonly category_id: number;
      readonly area: number;
      readonly bbox: readonly number[];
      readonly segmentation: number[][] | { readonly size: number[]; readonly counts: string };
    }[];
  }

  test('gets a file a split, polygons, and run lengths where there are holes', async () => {
    const out = join(folder, 'coco');
    await exportLabels(dataset, out, { labels: 'coarse', format: 'coco', tolerance: 0 });
    expect(readdirSync(out).sort()).toEqual(['instances_train.json', 'instances_val.json']);
    const file = readJson<CocoFile>(out, 'instances_train.json');
    expect(file.categories.map(({ id, name }) => [id, name])).toEqual(
      classes.map(({ name }, i) => [i + 1, name]),
    );
    const image = file.images.find(({ file_name: name }) => name === '../data set/images/train/city/a.png');
    const annotations = file.annotations.filter(({ image_id: id }) => id === image?.id);
    const summary = annotations.map(({ category_id: id, area, bbox }) => [id, area, bbox]);
    expect(summary).toEqual([
      [1, 18, [0, 0, 6, 5]],
      [2, 10, [1, 1, 4, 3]],
      [3, 8, [0, 5, 8, 1]],
    ]);
    const segmentation = annotations[0]?.segmentation as { size: number[]; counts: string };
    expect(segmentation.size).toEqual([6, 8]);
    const road = runsMask(parseRuns(segmentation.counts), size);
    expect(rowsOfBytes(road, { width: 8, characters: { 0: '.', 1: 'r' } })).toEqual(
      rows.map((row) => row.replaceAll(/[^r]/g, '.')),
    );
    expect(annotations[2]?.segmentation).toEqual([expect.arrayContaining([0, 5, 8, 6])]);
    expect(readJson<CocoFile>(out, 'instances_val.json').annotations).toHaveLength(2);
  });
});

describe('CVAT', () => {
  test('gets one file with labels, subsets and escaped names', async () => {
    const out = join(folder, 'cvat');
    await exportLabels(dataset, out, { labels: 'coarse', format: 'cvat', tolerance: 0 });
    const text = readFileSync(join(out, 'annotations.xml'), 'utf8');
    expect(text).toContain('<name>car &#60;&#38;&#62; &#34;1&#34;</name>\n          <color>#00008e</color>');
    expect(text).toContain('<image id="2" name="val/c.png" subset="val" width="8" height="6">');
    const image = text.slice(
      text.indexOf('name="train/city/a.png"'),
      text.indexOf('</image>', text.indexOf('city/a.png')),
    );
    const drawn = new Uint8Array(48).fill(255);
    const groups = new Set<string | undefined>();
    for (const [, label, points, group] of image.matchAll(
      /label="([^"]*)".*? points="([^"]*)" z_order="0"(?: group_id="(\d+)")?/g,
    )) {
      const value = label === 'road' ? 0 : label === 'tree' ? 2 : 1;
      const ring = (points ?? '').split(/[,;]/).map(Number);
      fillRings(drawn, { rings: [ring], value, ...size });
      groups.add(group);
    }
    expect(rowsOfBytes(drawn, { width: 8, characters })).toEqual(rows);
    expect(groups.size).toBe(3);
  });
});

describe('round trips', () => {
  const formats = ['labelme', 'coco', 'cvat'] as const;

  test.each(['png', ...formats] as const)('%s gives every pixel back with tolerance 0', async (format) => {
    const [out, back] = [join(folder, `${format}-exact`), join(folder, `${format}-exact-back`)];
    await exportLabels(dataset, out, { labels: 'coarse', format, tolerance: 0 });
    const { findings } = await importDataset(out, back, { images: join(dataset, 'images') });
    const codes = findings.map(({ code }) => code);
    expect(codes).toEqual(format === 'png' ? ['class-list'] : []);
    const classList = await readClassList(join(back, 'classes.json'));
    expect(classList.classes.map(({ name }) => name)).toEqual(classes.map(({ name }) => name));
    for (const [name, expected] of Object.entries({
      'train/a': rows,
      'train/b': other,
      'val/c': other,
    })) {
      const { labels } = await readLabels(join(back, 'coarse', `${name}.png`), classList);
      expect(rowsOfBytes(labels, { width: 8, characters })).toEqual(expected);
    }
  });

  test.each(formats)('%s stays within the tolerance', async (format) => {
    const [wide, tolerance] = [{ width: 60, height: 50 }, 1.5];
    const root = join(folder, `round-${format}`);
    // A disk with a hole in it, on a wavy background.
    const labels = Uint8Array.from({ length: 3000 }, (_, pixel) => {
      const [x, y] = [(pixel % 60) + 0.5, Math.floor(pixel / 60) + 0.5];
      const distance = Math.hypot(x - 28, y - 24);
      if (distance < 17) return distance < 7 ? 255 : 1;
      return y + 4 * Math.sin(x / 6) < 30 ? 0 : 2;
    });
    for (const place of ['images/train', 'coarse/train']) mkdirSync(join(root, place), { recursive: true });
    const data = new Uint8Array(9000);
    writeFileSync(join(root, 'images/train/a.png'), encode({ ...wide, data, channels: 3, depth: 8 }));
    writeFileSync(join(root, 'coarse/train/a.png'), encodeLabelPng(labels, wide));
    writeFileSync(join(root, 'classes.json'), JSON.stringify({ classes }));
    const [out, back] = [join(root, 'out'), join(root, 'back')];
    const summary = await exportLabels(root, out, { labels: 'coarse', format, tolerance });
    expect(summary).toMatchObject({ kept: 0, tolerance });
    await importDataset(out, back, { format, images: join(root, 'images') });
    const classList = await readClassList(join(back, 'classes.json'));
    const { labels: found } = await readLabels(join(back, 'coarse/train/a.png'), classList);
    const wrong = [...labels.keys()].filter((pixel) => found[pixel] !== labels[pixel]);
    expect(wrong.length).toBeGreaterThan(10);
    // A pixel that changed has one of another label so near that the border between them is within the tolerance.
    const far = wrong.filter((pixel) => {
      const [x, y] = [pixel % 60, Math.floor(pixel / 60)];
      return ![...labels.keys()].some((near) => {
        const [dx, dy] = [Math.abs((near % 60) - x), Math.abs(Math.floor(near / 60) - y)];
        return (
          labels[near] !== labels[pixel] &&
          Math.hypot(Math.max(0, dx - 0.5), Math.max(0, dy - 0.5)) <= tolerance
        );
      });
    });
    expect(far).toEqual([]);
  });
});

describe('bad input', () => {
  const options = { labels: 'coarse', format: 'png' } as const;

  test.each<[string, () => Promise<unknown>, string | RegExp]>([
    [
      'a folder with files',
      () => exportLabels(dataset, folder, options),
      'is not empty, and nothing is ever overwritten',
    ],
    [
      'a place inside the labels',
      () => exportLabels(dataset, join(dataset, 'coarse/new'), options),
      'a folder of the dataset; choose one outside of it',
    ],
    [
      'no dataset',
      () => exportLabels(join(folder, 'none'), join(folder, 'x'), options),
      'no such folder; expected a dataset',
    ],
    [
      'unknown labels',
      () => exportLabels(dataset, join(folder, 'x'), { ...options, labels: 'coarze' }),
      /coarze: no such folder.*coarse/,
    ],
    [
      'an unknown split',
      () => exportLabels(dataset, join(folder, 'x'), { ...options, split: 'vale' }),
      /no split 'vale' in both images and coarse.*val/,
    ],
    [
      'a tolerance below 0',
      () => exportLabels(dataset, join(folder, 'x'), { ...options, format: 'coco', tolerance: -1 }),
      'expected a tolerance from 0 to 1000 pixels, received -1',
    ],
  ])('%s', async (_, run, message) => {
    await expect(run()).rejects.toThrow(message);
    expect(readdirSync(folder)).not.toContain('x');
  });

  test('images without labels are named, and sizes must agree', async () => {
    const broken = join(folder, 'broken');
    writeDataset(broken, { 'train/a': rows, 'train/b': other, 'test/c': other });
    rmSync(join(broken, 'coarse/train/b.png'));
    mkdirSync(join(broken, 'points/train'), { recursive: true });
    rmSync(join(broken, 'coarse/test'), { recursive: true });
    const { notes, images } = await exportLabels(broken, join(folder, 'broken-png'), options);
    expect(images).toEqual({ train: 1 });
    expect(notes).toEqual([
      expect.stringMatching(/images\/test: has no labels in coarse, and is left out$/),
      expect.stringMatching(/images\/train: 1 of 2 images have no labels in coarse, and are left out$/),
      expect.stringMatching(/points: points and lines are not exported, only the labels of coarse$/),
    ]);
    const small = encodeLabelPng(new Uint8Array(12), { width: 4, height: 3 });
    writeFileSync(join(broken, 'coarse/train/a.png'), small);
    await expect(exportLabels(broken, join(folder, 'broken-2'), options)).rejects.toThrow(
      /a\.png: 4×3 pixels, but .*a\.png has 8×6/,
    );
  });
});
