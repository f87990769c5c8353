/** Imports annotations into datasets, from a source that the test makes. */

import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset, openPoints, readLabels } from 'coarsely/data';
import { type Annotation, type Importer, type ImportOptions, importDataset } from 'coarsely/importers';
import { inspectDataset } from 'coarsely/inspect';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { rowsOfBytes } from '../support/rows.js';
import { rgbPng } from './import-files.js';
import { box, giveImportFolders, out, root, run, size, source, tool } from './own-tool.js';

giveImportFolders();

async function rows(name: string, folder = 'coarse/train'): Promise<string[]> {
  const classes = Array.from({ length: 9 }, (_, index) => ({
    name: `${index}`,
    color: [index, 1, 1] as const,
  }));
  const { labels, width } = await readLabels(join(out, folder, `${name}.png`), {
    classes,
    ignoredValue: 255,
  });
  return rowsOfBytes(labels, { width, characters: { 0: '0', 1: '1', 2: '2', 255: '.' } });
}

test('images are linked, labels drawn, and what was done is recorded', async () => {
  const importer = tool({
    'a.png': { annotations: [box('road', 0, 4), box('car', 1, 3)] },
    'b.png': { annotations: [box('car', 0, 1)] },
  });
  const summary = await run(importer);
  expect(await rows('a')).toEqual(['1001..', '1001..', '1001..']);
  expect(await rows('b')).toEqual(['0.....', '0.....', '0.....']);
  expect(readdirSync(out).sort()).toEqual(['classes.json', 'coarse', 'images', 'import.json']);
  expect(statSync(join(out, 'images/train/a.png')).ino).toBe(statSync(join(source, 'a.png')).ino);
  expect(summary).toMatchObject({
    format: 'own',
    recognizedBy: 'the test',
    given: 2,
    images: 2,
    placements: { 'hard link': 2 },
    findings: [],
    splits: [{ name: 'train', images: 2, points: 0 }],
  });
  expect(summary.splits[0]?.labeledShare).toBeCloseTo(5 / 12, 10);
  expect(summary.classes.map(({ name, annotations, images }) => [name, annotations, images])).toEqual([
    ['car', 2, 2],
    ['road', 1, 1],
  ]);
  expect(summary.classes[0]?.share).toBeCloseTo(3 / 5, 10);
  const record = JSON.parse(readFileSync(join(out, 'import.json'), 'utf8')) as Record<string, unknown>;
  expect(record).toMatchObject({
    recordFormat: 1,
    format: 'own',
    images: 2,
    settings: { drawOrder: 'area' },
  });
  expect(record.files).toEqual([
    { split: 'train', name: 'a', image: 'a.png', annotations: 'all.json' },
    { split: 'train', name: 'b', image: 'b.png', annotations: 'all.json' },
  ]);
});

test('the dataset is one that check accepts, and the same import writes the same bytes', async () => {
  const images = Object.fromEntries(
    [...'abcdef'].map((name) => [`${name}.png`, { annotations: [box('road', 0, 4), box('car', 1, 3)] }]),
  );
  const importer = tool(images);
  await run(importer, { split: '0.5/0.5', labels: 'labels' });
  const { problems, verdict } = await inspectDataset(out);
  expect(problems).toEqual([]);
  expect(verdict.usable).toBe(true);
  const again = join(root, 'again');
  await importDataset(source, again, { importers: [importer], split: '0.5/0.5', labels: 'labels' });
  for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    if (statSync(join(out, file)).isFile()) {
      expect(readFileSync(join(again, file)).equals(readFileSync(join(out, file))), file).toBe(true);
    }
  }
});

test('unlabeled pixels are ignored or background; classless ones stay ignored', async () => {
  const images = {
    'a.png': { annotations: [box('road', 0, 2), box(null, 2, 3)] },
    'b.png': { annotations: [] },
  };
  const summary = await run(tool(images));
  expect(await rows('a')).toEqual(['00....', '00....', '00....']);
  expect(summary.images).toBe(1);
  expect(summary.findings.map(({ code }) => code)).toEqual(['without-labels']);
  rmSync(out, { recursive: true });
  const background = await run(tool(images), { unlabeled: 'background' });
  expect(background.classes.map(({ name }) => name)).toEqual(['background', 'road']);
  expect(await rows('a')).toEqual(['11.000', '11.000', '11.000']);
  expect(await rows('b')).toEqual(['000000', '000000', '000000']);
  rmSync(out, { recursive: true });
  expect((await run(tool(images), { withoutLabels: 'keep' })).images).toBe(2);
  expect(await rows('b')).toEqual(['......', '......', '......']);
});

test('classes that are not chosen are not labeled, also where they lie on others', async () => {
  const importer = tool({
    'a.png': { annotations: [box('road', 0, 6), box('car', 1, 3), box('dirt', 4, 5)] },
  });
  const summary = await run(importer, { classes: 'road,car=vehicle' });
  expect(await rows('a')).toEqual(['0110.0', '0110.0', '0110.0']);
  expect(summary.leftOutClasses).toEqual(['dirt']);
  expect(summary.notes.join('\n')).toContain(
    'classes that --classes does not name are not labeled: dirt; * keeps them',
  );
  rmSync(out, { recursive: true });
  await run(importer, { classes: 'road,dirt=', unlabeled: 'background' });
  expect(await rows('a')).toEqual(['1001.1', '1001.1', '1001.1']);
});

test('the overlap rule is stated with the pixels that it decided', async () => {
  const importer = tool({ 'a.png': { annotations: [box('car', 1, 3), box('road', 0, 6)] } });
  const summary = await run(importer);
  expect(await rows('a')).toEqual(['100111', '100111', '100111']);
  expect(summary.notes.join('\n')).toContain('(33.33 % of the pixels), the smaller one counts');
  rmSync(out, { recursive: true });
  await run(importer, { drawOrder: 'file' });
  expect(await rows('a')).toEqual(['111111', '111111', '111111']);
});

test('a tool that stacks shapes is drawn as it shows them, and the note says which order was used and why', async () => {
  const small = { ...box('car', 1, 3), z: 0 };
  const large = { ...box('road', 0, 6), z: 1 };
  const noteOf = async (annotations: readonly Annotation[], options: ImportOptions = {}) => {
    rmSync(out, { recursive: true, force: true });
    const { notes } = await run(tool({ 'a.png': { annotations } }), options);
    const note = notes.find((one) => one.startsWith('where annotations'))?.split('pixels), ')[1];
    const { settings } = JSON.parse(readFileSync(join(out, 'import.json'), 'utf8')) as {
      settings: { drawOrder: string };
    };
    return [(await rows('a'))[0], settings.drawOrder, note];
  };
  const areaDraws = '--draw-order area draws small ones on top';
  const [carOnTop, roadOnTop] = ['100111', '111111'];
  expect(await noteOf([large, small])).toEqual([
    ...[roadOnTop, 'z', `the one with the higher z counts, as the files state a z-order; ${areaDraws}`],
  ]);
  expect(await noteOf([large, small], { drawOrder: 'area' })).toEqual([
    ...[carOnTop, 'area', 'the smaller one counts; --draw-order z follows the z-order of the files'],
  ]);
  // One height for all says nothing about what lies on top.
  expect(await noteOf([small, { ...large, z: 0 }])).toEqual([
    ...[carOnTop, 'area', 'the smaller one counts; --draw-order file lets the later one count'],
  ]);
  expect(await noteOf([small, { ...large, z: 0 }], { drawOrder: 'z' })).toEqual([
    ...[
      roadOnTop,
      'z',
      `the later one in the file counts, as the files state the same z for all; ${areaDraws}`,
    ],
  ]);
  expect(await noteOf([box('car', 1, 3), box('road', 0, 6)], { drawOrder: 'z' })).toEqual([
    ...[roadOnTop, 'z', `the later one in the file counts, as the files state no z-order; ${areaDraws}`],
  ]);
});

test('annotations are counted that were drawn and show, of images that were imported', async () => {
  const shape = (kind: 'points' | 'line', list: number[]): Annotation => ({
    className: 'mark',
    shape: kind === 'points' ? { kind, points: list } : { kind, line: list },
    place: '',
  });
  const unusable = box('car', Number.NaN, 3);
  const summary = await run(
    tool({
      'a.png': { annotations: [box('road', 0, 6), box('car', 1, 3), unusable, box('car', 40, 50)] },
      // The lower of two equal ones is hidden.
      'b.png': { annotations: [box('car', 0, 2), box('road', 0, 2), box('dirt', 3, 4)] },
      'c.png': { annotations: [shape('points', [0.5, 0.5, 2.5, 0.5]), shape('line', [0, 1, 3, 1])] },
      'gone.png': { annotations: [box('road', 0, 1)], path: null },
      'large.png': { annotations: [box('road', 0, 1)], size: { width: 60, height: 30 } },
    }),
    { classes: 'road,car,mark', withoutLabels: 'keep' },
  );
  expect(summary.classes.map(({ name, annotations }) => [name, annotations])).toEqual([
    ['road', 2],
    ['car', 1],
    ['mark', 2],
  ]);
});

test('missing, unreadable and wrongly sized images are named and left out', async () => {
  writeFileSync(join(source, 'torn.png'), rgbPng(size, () => [1, 2, 3]).subarray(0, 20));
  const annotations = [box('car', 0, 1)];
  const summary = await run(
    tool({
      'good.png': { annotations },
      'gone.png': { annotations, path: null },
      'torn.png': { annotations },
      'large.png': { annotations, size: { width: 60, height: 30 } },
    }),
  );
  expect(summary).toMatchObject({ given: 4, images: 1 });
  expect(summary.findings.map(({ code, examples }) => [code, examples[0]?.replace(/ \(.*/, '')])).toEqual([
    ['missing-image', 'all.json: gone.png'],
    ['unreadable-image', expect.stringContaining('torn.png: cannot be decoded')],
    ['wrong-size', 'large.png: 6×3, annotations of 60×30'],
  ]);
  expect(readdirSync(join(out, 'images/train'))).toEqual(['good.png']);
});

test('why an image is not found is told once', async () => {
  for (const name of ['a.png', 'x/b.png', 'y/b.png']) tool({ [name]: { annotations: [] } });
  const images = ['a.png', 'b.png', '../../c.png', 'd.png'].map((name, id) => ({ id, file_name: name }));
  const annotations = images.map(({ id }) => ({
    image_id: id,
    category_id: 1,
    segmentation: [[0, 0, 3, 0, 3, 3]],
  }));
  const content = { images, annotations, categories: [{ id: 1, name: 'car' }] };
  writeFileSync(join(source, 'all.json'), JSON.stringify(content));
  const { findings } = await importDataset(source, out, { format: 'coco' });
  expect(findings.map(({ code, count, examples }) => [code, count, examples[0]])).toEqual([
    ['ambiguous-image', 1, 'all.json: b.png (x/b.png, y/b.png)'],
    ['image-outside', 1, 'all.json: ../../c.png'],
    ['missing-image', 1, 'all.json: d.png'],
  ]);
});

test('nothing is written when no image is left, and the message says why', async () => {
  const importer = tool({ 'a.png': { annotations: [box('car', 0, 1)], path: null } });
  await expect(run(importer)).rejects.toThrow(
    `${source}: none of 1 image can be imported: an image that is not there is left out; --images names the folder of the images (all.json: a.png)`,
  );
  expect(readdirSync(root)).toEqual(['source']);
});

test('images with the same bytes, or annotated twice, are imported once', async () => {
  const bytes = rgbPng(size, () => [7, 7, 7]);
  mkdirSync(join(source, 'x'));
  mkdirSync(join(source, 'y'));
  writeFileSync(join(source, 'x/a.png'), bytes);
  writeFileSync(join(source, 'y/a.png'), bytes);
  const summary = await run(
    tool({
      'x/a.png': { annotations: [] },
      'y/a.png': { annotations: [box('car', 0, 1)] },
      'b.png': { annotations: [box('car', 0, 2)] },
      'twice.png': { annotations: [box('car', 0, 3)], path: join(source, 'b.png') },
    }),
    { withoutLabels: 'keep' },
  );
  // The image that is annotated twice is one image.
  expect([summary.images, summary.given]).toEqual([2, 3]);
  expect(summary.classes[0]?.annotations).toBe(2);
  expect(summary.findings.map(({ code, examples }) => [code, examples[0]])).toEqual([
    ['annotated-twice', `all.json: twice.png (kept: ${join(source, 'all.json')})`],
    ['duplicate-image', `x/a.png (kept: ${join(source, 'y/a.png')})`],
  ]);
  expect(await rows('a')).toEqual(['0.....', '0.....', '0.....']);
});

test('labels that were drawn on an image as stored are turned upright, others are taken as they are', async () => {
  const stored = await sharp(rgbPng({ width: 3, height: 6 }, (pixel) => [pixel, 0, 0]))
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  writeFileSync(join(source, 'phone.png'), stored);
  writeFileSync(join(source, 'viewer.png'), stored);
  // Of the image as stored, three columns and six rows, the upper row.
  const ring = [0, 0, 3, 0, 3, 1, 0, 1];
  const annotation = { className: 'car', shape: { kind: 'polygon' as const, parts: [[ring]] }, place: '' };
  const point = { className: 'car', shape: { kind: 'points' as const, points: [0.5, 5.5] }, place: '' };
  const importer = tool({
    'phone.png': { annotations: [annotation, point], size: { width: 3, height: 6 } },
  });
  const summary = await run(importer);
  // The stored top is the right side of the picture as it is shown.
  expect(await rows('phone')).toEqual(['.....0', '.....0', '.....0']);
  const points = JSON.parse(readFileSync(join(out, 'points/train/phone.json'), 'utf8')) as {
    points: unknown;
  };
  expect(points).toMatchObject({ width: 6, height: 3, points: [{ x: 0, y: 0, class: 'car' }] });
  expect(summary.findings.map(({ code }) => code)).toEqual(['exif-stored']);
  rmSync(out, { recursive: true });
  const shown = await run(tool({ 'viewer.png': { annotations: [box('car', 5, 6)] } }));
  expect(await rows('viewer')).toEqual(['.....0', '.....0', '.....0']);
  expect(shown.findings.map(({ code }) => code)).toEqual(['exif-upright']);
});

test('points and lines lie beside the labels, with a radius as a label image', async () => {
  const mark = { className: 'car', shape: { kind: 'points' as const, points: [2.5, 1.5] }, place: '' };
  const importer = tool({
    'a.png': { annotations: [box('road', 0, 1), mark] },
    'b.png': { annotations: [mark] },
  });
  const summary = await run(importer);
  expect(summary.splits[0]?.points).toBe(2);
  expect(await rows('b')).toEqual(['......', '......', '......']);
  const dataset = await openDataset({ kind: 'folder', root: out, split: 'train', labels: 'coarse' });
  const points = await openPoints(dataset, { root: out, labels: 'points', split: 'train' });
  expect([...points.values()].map(({ pixels, classes }) => [pixels[0], classes[0]])).toEqual([
    [8, 0],
    [8, 0],
  ]);
  rmSync(out, { recursive: true });
  await run(importer, { radius: 1 });
  expect(await rows('a', 'points/train')).toEqual(['..0...', '.000..', '..0...']);
});

test('an image inside of its annotations becomes a file of its own', async () => {
  const embedded = rgbPng(size, () => [1, 1, 1]);
  const annotations = [box('car', 0, 1)];
  const summary = await run(withEmbedded(embedded, annotations));
  expect(summary.placements).toEqual({ copy: 1 });
  expect(readFileSync(join(out, 'images/train/in.png')).equals(embedded)).toBe(true);
  expect(readdirSync(out)).not.toContain('.embedded');
});

function withEmbedded(embedded: Uint8Array, annotations: readonly Annotation[]): Importer {
  return {
    ...tool({}),
    open: async () => ({
      classes: null,
      count: 1,
      async *images() {
        const where = { path: null, size, split: null, source: join(source, 'in.json') };
        yield { fileName: '../../in.jpg', embedded, annotations, ...where };
      },
    }),
  };
}

test('--copy makes copies, and originals stay as they are', async () => {
  const importer = tool({ 'a.png': { annotations: [box('car', 0, 1)] } });
  const before = lstatSync(join(source, 'a.png')).mtimeMs;
  expect((await run(importer, { copy: true })).placements).toEqual({ copy: 1 });
  writeFileSync(join(out, 'images/train/a.png'), 'changed');
  expect(lstatSync(join(source, 'a.png')).mtimeMs).toBe(before);
});

test('texts in place of class names are refused before memory is full', async () => {
  const annotations = Array.from({ length: 10_001 }, (_, index) => box(`sentence ${index}`, 0, 1));
  await expect(run(tool({ 'a.png': { annotations } }))).rejects.toThrow('more than 10000 class names so far');
});

test('sources that no tool, or several tools, recognize say what was looked for', async () => {
  const none = tool({ 'a.png': { annotations: [] } }, { recognize: async () => null });
  await expect(run(none)).rejects.toThrow(
    `${source}: no annotation tool is recognized in 1 .png. Looked for\n  own: what the test writes\n`,
  );
  const one = tool({});
  const importers = [one, { ...one, format: 'other', recognize: async () => 'a file' }];
  await expect(importDataset(source, out, { importers })).rejects.toThrow(
    `${source}: may come from 2 tools; say which:\n  --format own: the test\n  --format other: a file`,
  );
  const general = { ...one, format: 'general', general: true };
  await expect(
    importDataset(source, out, { importers: [general, { ...one, format: 'ow' }], format: 'own' }),
  ).rejects.toThrow("import: unknown format 'own'; did you mean ow?; formats are general, ow");
  await expect(importDataset(join(source, 'nothing'), out)).rejects.toThrow('no such file or folder');
  writeFileSync(join(source, 'export.zip'), '');
  await expect(importDataset(join(source, 'export.zip'), out)).rejects.toThrow('is an archive; unpack it');
});
