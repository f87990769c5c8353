/** Images are found as annotators' machines named them, and never outside of what the person gave. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findImages, type NamedImage } from '#importers/find-images.js';
import type { ImportFinding } from '#importers/importer.js';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'coarsely-find-images-')));
const root = join(scratch, 'source');
const other = join(scratch, 'other');
const files = [
  'labels/a.json',
  'images/a.jpg',
  'images/Käse.png',
  'images/train/b.jpg',
  'images/val/b.jpg',
  'labels/frame_000001.PNG',
  'labels/renamed.png',
];

beforeAll(() => {
  for (const path of [...files.map((file) => join(root, file)), join(other, 'deep/c.jpg')]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  }
  writeFileSync(join(scratch, 'secret.jpg'), '');
  symlinkSync(join(scratch, 'secret.jpg'), join(root, 'labels/link.jpg'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function find(
  image: Omit<NamedImage, 'file'>,
  { images = null, single = false }: { images?: string | null; single?: boolean } = {},
): Promise<[found: string | null, codes: string[]]> {
  const findings: ImportFinding[] = [];
  const file = join(root, 'labels/a.json');
  const source = single
    ? { path: file, root: join(root, 'labels'), files: ['a.json'] }
    : { path: root, root, files: [...files, 'labels/link.jpg'] };
  const finder = await findImages(source, { images, onFinding: (finding) => findings.push(finding) });
  const found = await finder.find({ file, ...image });
  return [found?.replace(`${scratch}/`, '') ?? null, findings.map(({ code }) => code)];
}

test('names of other systems lead to the image below the source', async () => {
  expect(await find({ name: '..\\images\\a.jpg' })).toEqual(['source/images/a.jpg', []]);
  expect(await find({ name: 'images/a.jpg' })).toEqual(['source/images/a.jpg', []]);
  // An accent as one character or as two.
  expect(await find({ name: 'images/Ka\u0308se.png' })).toEqual(['source/images/Käse.png', []]);
  // Tools leave the extension of a video's frames out.
  expect(await find({ name: 'frame_000001' })).toEqual(['source/labels/frame_000001.PNG', []]);
  expect(await find({ name: 'b.jpg', folders: ['../images/val'] })).toEqual(['source/images/val/b.jpg', []]);
  expect(await find({ name: 'b.jpg', folders: ['images/train'] })).toEqual(['source/images/train/b.jpg', []]);
});

test('an image elsewhere is taken when it is the only one of its name, and that is said', async () => {
  expect(await find({ name: 'C:\\Users\\ann\\A.JPG' })).toEqual(['source/images/a.jpg', ['image-elsewhere']]);
  expect(await find({ name: 'data/val/b.jpg' })).toEqual(['source/images/val/b.jpg', ['image-elsewhere']]);
  expect(await find({ name: 'b.jpg' })).toEqual([null, ['ambiguous-image']]);
  expect(await find({ name: 'gone.jpg', stem: 'renamed' })).toEqual([
    'source/labels/renamed.png',
    ['image-by-file-name'],
  ]);
  expect(await find({ name: 'gone.jpg' })).toEqual([null, []]);
});

test('a name never leads out of the source', async () => {
  expect(await find({ name: '../../secret.jpg' })).toEqual([null, ['image-outside']]);
  expect(await find({ name: join(scratch, 'secret.jpg') })).toEqual([null, ['image-outside']]);
  expect(await find({ name: 'link.jpg' })).toEqual([null, ['image-outside']]);
  expect(await find({ name: '..' })).toEqual([null, ['unusable-name']]);
  expect(await find({ name: 'a\0.jpg' })).toEqual([null, ['unusable-name']]);
});

test('beside a single file only what its names say is looked at, and --images names another folder', async () => {
  expect(await find({ name: 'renamed.png' }, { single: true })).toEqual(['source/labels/renamed.png', []]);
  expect(await find({ name: '../images/a.jpg' }, { single: true })).toEqual([null, ['image-outside']]);
  expect(await find({ name: '../images/a.jpg' }, { single: true, images: join(root, 'images') })).toEqual([
    'source/images/a.jpg',
    [],
  ]);
  expect(await find({ name: 'deep/c.jpg' }, { images: other })).toEqual(['other/deep/c.jpg', []]);
  await expect(find({ name: 'a.jpg' }, { images: join(scratch, 'none') })).rejects.toThrow(
    'none: cannot be read as the folder of images; check --images',
  );
});
