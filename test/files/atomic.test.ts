/** Files and folders are replaced whole or not at all. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileError } from 'coarsely/errors';
import { describe, expect, test } from 'vitest';
import { stageFolder, writeDurably, writeFileAtomically, writeTextAtomically } from '#files/index.js';
import { scratchFolder } from './checkpoints.js';

describe('a file', () => {
  test('is replaced by all pieces and leaves nothing else', () => {
    const folder = scratchFolder();
    const path = join(folder, 'text');
    writeTextAtomically(path, 'old');
    writeFileAtomically(path, [Buffer.from('ne'), Buffer.from('w')]);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['text']);
  });

  test('stays as it was when the writer fails midway', () => {
    const folder = scratchFolder();
    const path = join(folder, 'text');
    writeTextAtomically(path, 'old');
    function* pieces() {
      yield Buffer.from('new');
      throw new Error('out of pieces');
    }
    expect(() => writeFileAtomically(path, pieces())).toThrow('out of pieces');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['text']);
  });

  test('in a missing folder is an error, or creates the folder', () => {
    const path = join(scratchFolder(), 'missing', 'text');
    expect(() => writeTextAtomically(path, 'new')).toThrow(FileError);
    expect(() => writeTextAtomically(path, 'new')).toThrow(`${path}: cannot be written`);
    writeTextAtomically(path, 'new', { createFolder: true, shared: true });
    expect(readFileSync(path, 'utf8')).toBe('new');
  });
});

describe('a folder', () => {
  test('appears with all its files', async () => {
    const folder = join(scratchFolder(), 'made');
    const result = await stageFolder(folder, async (staging) => {
      await writeDurably(join(staging, 'deep', 'a'), 'a');
      expect(() => readdirSync(folder)).toThrow('ENOENT');
      return 'done';
    });
    expect(result).toBe('done');
    expect(readFileSync(join(folder, 'deep', 'a'), 'utf8')).toBe('a');
  });

  test('keeps the files that it had and replaces those of the same name', async () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'kept'), 'kept');
    writeFileSync(join(folder, 'deep', 'a'), 'old');
    await stageFolder(folder, (staging) => writeDurably(join(staging, 'deep', 'a'), 'new'));
    expect(readFileSync(join(folder, 'kept'), 'utf8')).toBe('kept');
    expect(readFileSync(join(folder, 'deep', 'a'), 'utf8')).toBe('new');
  });

  test('is not changed when writing fails', async () => {
    const parent = scratchFolder();
    const folder = join(parent, 'made');
    const failing = stageFolder(folder, async (staging) => {
      await writeDurably(join(staging, 'a'), 'a');
      throw new Error('full');
    });
    await expect(failing).rejects.toThrow('full');
    expect(readdirSync(parent)).toEqual([]);
  });
});
