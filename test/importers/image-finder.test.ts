/** Images are found as annotators' machines named them, and never outside of what the person gave. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ImageFinder } from '#importers/image-finder.js';
import type { ImportFinding } from '#importers/importer.js';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'coarsely-image-finder-')));
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
  names: string | readonly string[],
  {
    images = null,
    single = false,
    folders = [],
  }: { images?: string | null; single?: boolean; folders?: readonly string[] } = {},
): Promise<[found: string | null, codes: string[]]> {
  const findings: ImportFinding[] = [];
  const source = single
    ? { path: join(root, 'labels/a.json'), root: join(root, 'labels'), files: ['a.json'] }
    : { path: root, root, files: [...files, 'labels/link.jpg'] };
  const options = { images, onFinding: (finding: ImportFinding) => findings.push(finding) };
  const finder = await ImageFinder.create(source, options);
  const found = finder.find(names, { from: single ? 'a.json' : 'labels/a.json', folders });
  return [found?.replace(`${scratch}/`, '') ?? null, findings.map(({ code }) => code)];
}

test('names of other systems lead to the image below the source', async () => {
  expect(await find('..\\images\\a.jpg')).toEqual(['source/images/a.jpg', []]);
  expect(await find('images/a.jpg')).toEqual(['source/images/a.jpg', []]);
  // An accent as one character or as two.
  expect(await find('images/Ka\u0308se.png')).toEqual(['source/images/Käse.png', []]);
  // Tools leave the extension of a video's frames out.
  expect(await find('frame_000001')).toEqual(['source/labels/frame_000001.PNG', []]);
  expect(await find('b.jpg', { folders: ['images/val'] })).toEqual(['source/images/val/b.jpg', []]);
  expect(await find(['gone.jpg', 'renamed'])).toEqual(['source/labels/renamed.png', []]);
});

test('an image elsewhere is taken when it is the only one of its name, and that is said', async () => {
  expect(await find('C:\\Users\\ann\\pictures\\A.JPG')).toEqual(['source/images/a.jpg', ['image-elsewhere']]);
  expect(await find('data/val/b.jpg')).toEqual(['source/images/val/b.jpg', ['image-elsewhere']]);
  expect(await find('b.jpg')).toEqual([null, ['ambiguous-image']]);
  expect(await find('gone.jpg')).toEqual([null, []]);
});

test('a name never leads out of the source', async () => {
  expect(await find('../../secret.jpg')).toEqual([null, ['image-outside']]);
  expect(await find(join(scratch, 'secret.jpg'))).toEqual([null, ['image-outside']]);
  expect(await find('link.jpg')).toEqual([null, ['image-outside']]);
  expect(await find('..')).toEqual([null, []]);
  expect(await find('a\0.jpg')).toEqual([null, []]);
});

test('beside a single file its folder is searched, and --images names another', async () => {
  expect(await find('renamed.png', { single: true })).toEqual(['source/labels/renamed.png', []]);
  expect(await find('../images/a.jpg', { single: true })).toEqual([null, ['image-outside']]);
  const images = join(root, 'images');
  expect(await find('../images/a.jpg', { single: true, images })).toEqual(['source/images/a.jpg', []]);
  expect(await find('deep/c.jpg', { images: other })).toEqual(['other/deep/c.jpg', []]);
  await expect(find('a.jpg', { images: join(scratch, 'none') })).rejects.toThrow(
    'none: no such file or folder',
  );
});
