/** Folds of images: neighbors stay together, and folders and series end where folds do. */

import { describe, expect, it } from 'vitest';
import { assignFolds } from '#audit/folds.js';

/** Writes folds as digits, in the order of the names. */
function foldsOf(names: readonly string[], folds: number): string {
  return assignFolds(names, { folds }).foldOf.join('');
}

describe('assignFolds', () => {
  it('gives each fold a run of frames that follow one another by number', () => {
    const frames = Array.from({ length: 10 }, (_, place) => `drive_${place + 5}`);
    expect(foldsOf(frames, 5)).toBe('0011223344');
    expect(foldsOf(frames, 3)).toBe('0001111222');
  });

  it('reads numbers as numbers, in any order of the names', () => {
    expect(foldsOf(['f10', 'f9', 'f2', 'f1'], 2)).toBe('1100');
    expect(foldsOf(['b/f1', 'a/f7', 'b/f3', 'a/f9'], 2)).toBe('1010');
  });

  it('moves the border of two folds to the end of a folder or series nearby', () => {
    const names = [
      ...Array.from({ length: 9 }, (_, place) => `north/${place}`),
      ...Array.from({ length: 11 }, (_, place) => `south/${place}`),
    ];
    expect(foldsOf(names, 2)).toBe(`${'0'.repeat(9)}${'1'.repeat(11)}`);
    const series = names.map((name) => name.replace('north/', 'a').replace('south/', 'b'));
    expect(foldsOf(series, 2)).toBe(`${'0'.repeat(9)}${'1'.repeat(11)}`);
  });

  it('keeps the border where the end of a folder is far', () => {
    const names = [
      ...Array.from({ length: 3 }, (_, place) => `north/${place}`),
      ...Array.from({ length: 17 }, (_, place) => `south/${place}`),
    ];
    expect(foldsOf(names, 2)).toBe(`${'0'.repeat(10)}${'1'.repeat(10)}`);
  });

  it('has no more folds than images, and none is empty', () => {
    expect(assignFolds(['a', 'b', 'c'], { folds: 5 })).toMatchObject({ folds: 3 });
    expect(foldsOf(['a', 'b', 'c'], 5)).toBe('012');
    const many = Array.from({ length: 23 }, (_, place) => `${'abcdefg'[place % 7]}/${place}`);
    const { foldOf, folds } = assignFolds(many, { folds: 7 });
    expect(new Set(foldOf).size).toBe(folds);
  });
});
