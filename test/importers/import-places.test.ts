/** Where a dataset may be written, what its source is, and what a stop leaves behind. */

import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Importer, importDataset } from 'coarsely/importers';
import { expect, test } from 'vitest';
import { rgbPng } from './import-files.js';
import { box, giveImportFolders, out, root, run, size, source, tool } from './own-tool.js';

giveImportFolders();

test('a folder that holds something, and one inside of the source, are refused', async () => {
  const importer = tool({ 'a.png': { annotations: [box('car', 0, 1)] } });
  mkdirSync(out);
  writeFileSync(join(out, 'notes.txt'), '');
  await expect(run(importer)).rejects.toThrow(`${out}: is not empty; choose a new folder`);
  writeFileSync(join(out, 'classes.json'), '');
  await expect(run(importer)).rejects.toThrow(`${out}: holds a dataset already, to which nothing is added`);
  expect(readdirSync(out).sort()).toEqual(['classes.json', 'notes.txt']);
  await expect(importDataset(source, join(source, 'out'), { importers: [importer] })).rejects.toThrow(
    'lies in what is imported',
  );
  await expect(importDataset(source, source, { importers: [importer] })).rejects.toThrow(
    'lies in what is imported',
  );
});

test('one file: places are written in one form, and what an import wrote beside it is no source of images', async () => {
  const shape = (points: readonly unknown[]) => ({ label: 'car', shape_type: 'polygon', points });
  const corners = [0, 3].flatMap((x) => [
    [x, 0],
    [x, 3],
  ]);
  const shapes = [shape(corners.slice(0, 2)), shape(['?']), shape(corners)];
  mkdirSync(join(source, 'photos'));
  writeFileSync(
    join(source, 'photos/a.png'),
    rgbPng(size, (pixel) => [pixel, 1, 2]),
  );
  const file = join(source, 'a.json');
  writeFileSync(file, JSON.stringify({ version: '5', imagePath: 'b/a.png', shapes }));
  const beside = join(source, 'out');
  const first = await importDataset(file, beside);
  expect(first.findings.map(({ code, examples }) => [code, examples])).toEqual([
    ['image-elsewhere', ['a.json: b/a.png (photos/a.png)']],
    ['unreadable-shape', ['a.json: shapes[1]']],
    ['degenerate-shape', ['a.json: shapes[0]']],
  ]);
  // The image of the first import has the same name, and is not taken for another one.
  const second = await importDataset(file, join(root, 'second'));
  expect(second.images).toBe(1);
  expect(second.findings.map(({ code, examples }) => [code, examples[0]])).toEqual([
    ['imported-dataset', 'out'],
    ...first.findings.map(({ code, examples }) => [code, examples[0]]),
  ]);
});

test('a dataset in the folder of images, also behind a link, is refused', async () => {
  const importer = tool({ 'a.png': { annotations: [box('car', 0, 1)] } });
  const photos = join(root, 'photos');
  mkdirSync(photos);
  symlinkSync(source, join(root, 'link'));
  const refused = (output: string) =>
    importDataset(source, output, { importers: [importer], images: photos }).catch(
      (error: unknown) => (error as Error).message,
    );
  expect(await refused(join(photos, 'x/out'))).toContain(`lies in the folder of the images, ${photos};`);
  expect(await refused(join(root, 'link/x/out'))).toContain(`lies in what is imported, ${source};`);
  expect(existsSync(join(source, 'x'))).toBe(false);
});

test('a source that changes, and a stop, leave nothing behind', async () => {
  const importer = tool({ 'a.png': { annotations: [box('car', 0, 1)] } });
  let pass = 0;
  const changing: Importer = {
    ...importer,
    open: async (place, options) => ({
      ...(await importer.open(place, options)),
      async *images() {
        const file = { path: join(source, 'a.png'), source: join(source, 'all.json'), size, split: null };
        yield { fileName: `a${pass++}.png`, annotations: [box('car', 0, 1)], ...file };
      },
    }),
  };
  await expect(run(changing)).rejects.toThrow(
    'all.json: was changed while it was imported; run the import again',
  );
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await expect(run(importer, { signal: stop.signal })).rejects.toThrow('stopped');
  expect(readdirSync(root)).toEqual(['source']);
});

test.each([
  [
    { labels: 'images' },
    "expected the name of a folder beside images and points as --labels, received 'images'",
  ],
  [{ labels: '../x' }, "received '../x'"],
  [{ radius: Number.NaN }, 'expected a radius of at least 0 pixels, received NaN'],
])('the options %j are refused', async (options, message) => {
  const importer = tool({ 'a.png': { annotations: [box('car', 0, 1)] } });
  await expect(run(importer, options)).rejects.toThrow(message);
});
