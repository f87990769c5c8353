/** Divides images so that frames of one video stay in one split. */

import { expect, test } from 'vitest';
import { assignSplits } from '#importers/dataset/assign-splits.js';
import { chooseSplits } from '#importers/dataset/choose-splits.js';
import { groupImages } from '#importers/dataset/frame-groups.js';
import { formatShares, parseShares, splitName } from '#importers/dataset/split-shares.js';

function titles(paths: readonly string[], grouping: 'frames' | 'folder' | 'file' = 'frames'): string[] {
  return groupImages(paths, grouping)
    .map(({ title, members }) => `${title} (${members.length})`)
    .sort();
}

test('names that differ in their last number form a series, which ends where the numbers jump', () => {
  const walk = [1, 2, 3, 5].map((frame) => `walk_${frame}`);
  const later = [90, 91].map((frame) => `walk_${frame}`);
  expect(titles([...later, ...walk, 'portrait', 'street_7_left', 'street_8_left'])).toEqual([
    'portrait (1)',
    'street_7_left … street_8_left (2)',
    'walk_1 … walk_5 (4)',
    'walk_90 … walk_91 (2)',
  ]);
});

test('a usual step is that of the series, as of every thirtieth frame', () => {
  const frames = [6690, 6720, 6750, 6810, 7100].map((frame) => `0001TP_${String(frame).padStart(6, '0')}`);
  expect(titles(frames)).toEqual(['0001TP_006690 … 0001TP_006810 (4)', '0001TP_007100 (1)']);
});

test('frames of one video in the folders of several splits are one series', () => {
  expect(titles(['images/train/v_1', 'images/val/v_2', 'other/v_2'])).toEqual([
    'images/train/v_1 … v_2 (2)',
    'other/v_2 (1)',
  ]);
});

test("Roboflow's copies of one image are one group", () => {
  const copy = (hash: string) => `house-12_jpg.rf.${hash.repeat(16)}`;
  expect(titles([copy('ab'), copy('cd')])).toHaveLength(1);
});

test('images that have nothing but a name in common are no series', () => {
  // x.jpg and x.png, a picture of one name in two splits, and two formats of one number.
  const paths = ['x', 'x', 'train/street', 'val/street', 'photo_7', 'photo_7'];
  expect(titles(paths)).toHaveLength(6);
  expect(new Set(groupImages(paths, 'frames').map(({ key }) => key)).size).toBe(6);
  const copies = ['a_jpg.rf.0123456789abcdef', 'a_jpg.rf.fedcba9876543210'];
  const { notes } = chooseSplits({
    ...{ origins: [...paths, ...copies], shares: half, grouping: 'frames', seed: 0 },
    stated: Array.from({ length: 8 }, () => null),
  });
  expect(notes.slice(1)).toEqual([
    'the copies that Roboflow made of 1 image stay in one split: a_jpg.rf.0123456789abcdef … a_jpg.rf.fedcba9876543210 (2); ' +
      '--by-folder keeps folders together, --by-file divides every image on its own',
  ]);
});

test('names of hexadecimal digits stand alone', () => {
  expect(titles(['9f3ac1d0', '1b7e44aa', 'c0ffee12'])).toHaveLength(3);
});

test('folders and files can be groups instead', () => {
  const paths = ['a/x_1', 'a/x_2', 'b/y_1'];
  expect(titles(paths, 'folder')).toEqual(['a/ (2)', 'b/ (1)']);
  expect(titles(paths, 'file')).toHaveLength(3);
});

const half = parseShares('0.5/0.5');

test('no series of several is divided, whatever the seed, and no image is lost', () => {
  const paths = Array.from({ length: 12 }, (_, video) =>
    Array.from({ length: 4 + (video % 5) }, (_, frame) => `video${'abcdefghijkl'[video]}_${frame}`),
  ).flat();
  const groups = groupImages(paths, 'frames');
  const seen = new Set<string>();
  for (let seed = 0; seed < 8; seed++) {
    const shares = parseShares('0.6/0.2/0.2');
    const { splits, divided } = assignSplits(groups, { shares, seed, divide: true });
    expect(divided).toEqual([]);
    for (const { members } of groups) expect(new Set(members.map((index) => splits[index])).size).toBe(1);
    for (const { name, share } of shares) {
      const own = splits.filter((split) => split === name).length;
      expect(Math.abs(own / paths.length - share)).toBeLessThanOrEqual(0.05);
    }
    seen.add(splits.join());
  }
  expect(seen.size).toBeGreaterThan(4);
});

test('the division does not depend on the order in which images are listed', () => {
  const paths = Array.from(
    { length: 40 },
    (_, index) => `photo${'abcdefghij'[index % 10]}${'uvwx'[index % 4]}${index}z`,
  );
  const divide = (list: readonly string[]) => {
    const { splits } = assignSplits(groupImages(list, 'file'), { shares: half, seed: 3, divide: true });
    return new Map(list.map((path, index) => [path, splits[index]]));
  };
  const forward = divide(paths);
  const backward = divide([...paths].reverse());
  for (const path of paths) expect(backward.get(path)).toBe(forward.get(path));
  expect([...forward.values()].filter((split) => split === 'train')).toHaveLength(20);
});

test('a single long series is divided once, between two neighbors, and that is said', () => {
  const paths = Array.from({ length: 50 }, (_, frame) => `film_${frame}`);
  const { splits, notes } = chooseSplits({
    origins: paths,
    stated: paths.map(() => null),
    shares: null,
    grouping: 'frames',
    seed: 0,
  });
  const changes = splits.slice(1).filter((split, index) => split !== splits[index]);
  expect(changes).toHaveLength(1);
  expect(splits.filter((split) => split === 'val')).toHaveLength(10);
  expect(notes.join('\n')).toContain('film_0 … film_49 (50) is too long for one split');
  expect(notes.join('\n')).toContain('--by-folder');
});

test('by folder nothing is divided, and too few folders are refused', () => {
  const paths = ['a/1', 'a/2', 'a/3', 'a/4', 'b/1'];
  const options = { shares: half, seed: 0, divide: false };
  const { splits } = assignSplits(groupImages(paths, 'folder'), options);
  expect(new Set(splits.slice(0, 4)).size).toBe(1);
  expect(splits[4]).not.toBe(splits[0]);
  expect(() => assignSplits(groupImages(['a/1', 'a/2'], 'folder'), options)).toThrow(
    'import: 1 folder cannot be divided into 2 splits by folder; ask for fewer with --split train=1',
  );
});

test('every split gets an image, however few there are', () => {
  const shares = parseShares('0.98/0.01/0.01');
  const { splits } = assignSplits(groupImages(['a', 'b', 'c'], 'file'), { shares, seed: 0, divide: true });
  expect([...splits].sort()).toEqual(['test', 'train', 'val']);
});

test('the splits of the files are kept, under the usual names, unless shares are asked for', () => {
  const files = {
    origins: ['a', 'b', 'c'],
    stated: ['train', 'valid', null],
    grouping: 'frames',
    seed: 0,
  } as const;
  const kept = chooseSplits({ ...files, shares: null });
  expect(kept.splits).toEqual(['train', 'val', 'train']);
  expect(kept.notes).toContain('1 image without a split went to train');
  expect(kept.notes).toContain('the split valid is called val');
  const alone = chooseSplits({ ...files, stated: ['train', 'train', 'train'], shares: null });
  expect(alone.notes).toContain(
    'there is one split only, and none to evaluate on; --split 0.8/0.2 makes one',
  );
  const anew = chooseSplits({ ...files, shares: parseShares('train=1') });
  expect(anew.splits).toEqual(['train', 'train', 'train']);
  expect(anew.notes[0]).toBe('the images are divided by train=1, not as the files state');
});

test('shares are fractions or percentages, with names or without', () => {
  expect(formatShares(parseShares('0.7/0.2/0.1'))).toBe('train=0.7,val=0.2,test=0.1');
  expect(formatShares(parseShares('80/20'))).toBe('train=0.8,val=0.2');
  expect(formatShares(parseShares('train = 0.9, holdout = 0.1'))).toBe('train=0.9,holdout=0.1');
});

test.each([
  ['0.8/0.1', 'the shares sum to 0.9'],
  ['0.8', 'the shares sum to 0.8'],
  ['a/b', "'a' is no share above 0"],
  ['1/0', "'0' is no share above 0"],
  ['0.4/0.3/0.2/0.1', '4 shares need names'],
  ['train=0.5,train=0.5', "'train' is there twice"],
  ['../x=1', "'../x' is no name of a folder"],
])('%s is refused: %s', (text, reason) => {
  expect(() => parseShares(text)).toThrow(`--split ${text}: ${reason}; expected 0.8/0.2`);
});

test('a split is one folder, whatever its file calls it', () => {
  expect(['Train', 'VALIDATION', 'a/b', '..', 'train+val', ''].map(splitName)).toEqual([
    'train',
    'val',
    'a-b',
    null,
    'train-val',
    null,
  ]);
});
