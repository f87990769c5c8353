/** Folds of images: neighbors stay together, and what lies beside a block is in no training of its fold. */

import { describe, expect, it } from 'vitest';
import { assignFolds } from '#audit/folds.js';

/** Writes folds as digits, in the order of the names. */
function foldsOf(names: readonly string[], folds: number): string {
  return assignFolds(names, { folds }).foldOf.join('');
}

/** Writes for each image `x` where the heads of a fold learn from it, `o` where it is judged, and a dot where neither. */
function useOf(
  names: readonly string[],
  { folds, fold }: { readonly folds: number; readonly fold: number },
): string {
  const assigned = assignFolds(names, { folds });
  return names
    .map((_, image) => (assigned.foldOf[image] === fold ? 'o' : assigned.learnsFrom(fold, image) ? 'x' : '.'))
    .join('');
}

const frames = (count: number, series = 'drive_') =>
  Array.from({ length: count }, (_, place) => `${series}${place + 5}`);

describe('assignFolds', () => {
  it('keeps frames that follow one another by number together', () => {
    expect(foldsOf(frames(10), 5)).toBe('0011223344');
    expect(foldsOf(frames(6), 3)).toBe('001122');
  });

  it('gives a fold several blocks of five where there are enough images', () => {
    expect(foldsOf(frames(30), 3)).toBe('000001111122222000001111122222');
  });

  it('grows blocks with the dataset, so that a fold has about fifteen', () => {
    const { foldOf } = assignFolds(frames(3000), { folds: 5 });
    const changes = foldOf.reduce(
      (count, fold, image) => count + (image > 0 && foldOf[image - 1] !== fold ? 1 : 0),
      0,
    );
    expect(changes).toBe(74);
    const sizes = [0, 1, 2, 3, 4].map((fold) => foldOf.filter((one) => one === fold).length);
    expect(sizes).toEqual([600, 600, 600, 600, 600]);
  });

  it('leaves the images beside a block out of the trainings of its fold', () => {
    expect(useOf(frames(30), { folds: 3, fold: 1 })).toBe('xxxx.ooooo.xxxxxxxx.ooooo.xxxx');
    // A fifth of a block of 40 images on each side.
    const use = useOf(frames(3000), { folds: 5, fold: 2 });
    expect(use.slice(60, 140)).toBe(
      `${'x'.repeat(12)}${'.'.repeat(8)}${'o'.repeat(40)}${'.'.repeat(8)}${'x'.repeat(12)}`,
    );
  });

  it('leaves out no neighbor of another folder or series, and none of a small dataset', () => {
    const names = [...frames(10, 'north/'), ...frames(20, 'south/')];
    // The block of fold 1 ends where the folder north does.
    expect(useOf(names, { folds: 3, fold: 1 })).toBe('xxxx.oooooxxxxxxxxx.ooooo.xxxx');
    expect(useOf(frames(10), { folds: 5, fold: 1 })).toBe('xxooxxxxxx');
  });

  it('reads numbers as numbers, in any order of the names', () => {
    expect(foldsOf(['f10', 'f9', 'f2', 'f1'], 2)).toBe('1100');
    expect(foldsOf(['b/f1', 'a/f7', 'b/f3', 'a/f9'], 2)).toBe('1010');
  });

  it('has no more folds than images, and none is empty', () => {
    expect(assignFolds(['a', 'b', 'c'], { folds: 5 }).count).toBe(3);
    expect(foldsOf(['a', 'b', 'c'], 5)).toBe('012');
    for (const [count, folds] of [
      [23, 7],
      [24, 5],
      [101, 10],
      [2, 2],
      [61, 60],
    ] as const) {
      const { foldOf } = assignFolds(frames(count), { folds });
      expect(new Set(foldOf).size).toBe(folds);
    }
  });
});
