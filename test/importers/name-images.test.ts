/** Names images in a dataset. */

import { expect, test } from 'vitest';
import { nameImages, originOf } from '#importers/dataset/name-images.js';
import type { ScannedImage } from '#importers/dataset/scan-images.js';

function scanned(path: string, more: Partial<ScannedImage> = {}): ScannedImage {
  const size = { width: 1, height: 1 };
  const fixed = { index: 0, embedded: false, split: null, upright: size, turn: 1, classNames: [] };
  return { ...fixed, fileName: path, path, source: '/s/all.json', ...more };
}

function named(paths: readonly string[], splits = paths.map(() => 'train')) {
  const findings: string[] = [];
  const images = paths.map((path) => scanned(path));
  const names = nameImages(images, {
    origins: images.map((image) => originOf(image, ['/s'])),
    splits,
    onFinding: ({ code, example }) => findings.push(`${code} @ ${example}`),
  }).map(({ name }) => name);
  return { names, findings };
}

test('images have their own names, without folders, as long as these differ', () => {
  expect(named(['/s/a/one.jpg', '/s/b/two.png'])).toEqual({ names: ['one', 'two'], findings: [] });
});

test('folders are kept, below the one common to all, where names in a split are the same', () => {
  expect(named(['/s/x/a/one.jpg', '/s/x/b/one.jpg', '/s/x/b/c/two.jpg']).names).toEqual([
    'a/one',
    'b/one',
    'b/c/two',
  ]);
  expect(named(['/s/a/one.jpg', '/s/b/one.jpg'], ['train', 'val']).names).toEqual(['one', 'one']);
});

test('of names that differ in the extension or in capitals alone, the later gets a number, which is reported', () => {
  expect(named(['/s/one.jpg', '/s/one.png', '/s/ONE.webp'])).toEqual({
    names: ['one', 'one-2', 'ONE-3'],
    findings: ['same-name @ /s/one.png (one-2)', 'same-name @ /s/ONE.webp (ONE-3)'],
  });
});

test('names are composed, and never hidden or broken over lines', () => {
  expect(named(['/s/u\u0308ber.jpg', '/s/.hidden.jpg', '/s/a\nb.jpg']).names).toEqual([
    '\u00fcber',
    '_hidden',
    'a_b',
  ]);
});

test('an image outside of the source, and one inside of annotations, lead out of no folder', () => {
  expect(originOf(scanned('/other/deep/x.jpg'), ['/s', '/photos'])).toBe('x');
  expect(originOf(scanned('/photos/deep/x.jpg'), ['/s', '/photos'])).toBe('deep/x');
  const embedded = { embedded: true, fileName: '..\\..\\etc\\y.png', source: '/s/in/y.json' };
  expect(originOf(scanned('/tmp/0', embedded), ['/s'])).toBe('in/y');
});
