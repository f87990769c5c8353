/** Splits are told by names of folders and files. */

import { expect, test } from 'vitest';
import { splitInName, splitOfFolders, splitOfWord } from '#importers/split-names.js';

test('tools and people spell splits differently', () => {
  expect(['Train', 'valid', 'validation', 'test', 'trainer'].map(splitOfWord)).toEqual([
    'train',
    'val',
    'val',
    'test',
    null,
  ]);
  expect(splitInName('instances_val2017.json')).toBe('val');
  expect(splitInName('instances_trainval2014.json')).toBeNull();
  expect(splitInName('train_and_val.json')).toBeNull();
  expect(splitOfFolders('data/valid/images/test.png')).toBe('val');
  expect(splitOfFolders('train.png')).toBeNull();
});
