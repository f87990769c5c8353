/** Checks writing on file systems that lack hard links or fsync, refuse a rename for a moment, or are full. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { writeTextAtomically } from '#files/atomic.js';
import { createExclusively } from '#files/create-exclusively.js';
import { syncFolder } from '#files/durability.js';
import { forgetFileNotices, listenToFileNotices } from '#files/notices.js';
import { failAlways, patchFileSystem, systemError } from '../support/broken-file-system.js';

beforeEach(forgetFileNotices);

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function heard(): string[] {
  const notices: string[] = [];
  onTestFinished(listenToFileNotices((notice) => notices.push(notice)));
  return notices;
}

describe('without fsync', () => {
  test.each(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])(
    '%s: files are written, with one notice',
    (code) => {
      const path = join(scratch(), 'a.txt');
      const notices = heard();
      failAlways('fsyncSync', code);
      writeTextAtomically(path, 'one');
      writeTextAtomically(path, 'two');
      expect(readFileSync(path, 'utf8')).toBe('two');
      expect(notices).toEqual([expect.stringContaining(`${path}: this file system cannot confirm`)]);
      expect(notices[0]).toContain(code);
    },
  );

  test('a notice that comes before anyone listens is kept', () => {
    failAlways('fsyncSync', 'EINVAL');
    writeTextAtomically(join(scratch(), 'a.txt'), 'one');
    expect(heard()).toHaveLength(1);
  });

  test('a failing disk is an error', () => {
    const path = join(scratch(), 'a.txt');
    writeFileSync(path, 'old');
    failAlways('fsyncSync', 'EIO');
    expect(() => writeTextAtomically(path, 'new')).toThrow(`${path}: cannot be written (EIO: the disk`);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  test('a folder that cannot be opened is not synced', () => {
    failAlways('openSync', 'EISDIR');
    expect(() => syncFolder('anywhere')).not.toThrow();
  });
});

describe.each(['linked', 'without hard links'])('a file that is created exclusively, %s', (kind) => {
  beforeEach(() => {
    if (kind !== 'linked') failAlways('linkSync', 'ENOSYS');
  });

  test('appears once, with its text', () => {
    const folder = scratch();
    const [from, path] = [join(folder, 'from'), join(folder, 'path')];
    writeFileSync(from, 'mine');
    expect(createExclusively(path, { from })).toBe(true);
    writeFileSync(from, 'other');
    if (kind === 'linked') rmSync(from);
    writeFileSync(from, 'other');
    expect(createExclusively(path, { from })).toBe(false);
    if (kind !== 'linked') expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  test('in a missing folder is an error', () => {
    const folder = scratch();
    const from = join(folder, 'from');
    writeFileSync(from, 'mine');
    expect(() => createExclusively(join(folder, 'missing/path'), { from })).toThrow(/ENOENT/);
  });
});

test.each(['EPERM', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'])('link fails with %s: the file is created', (code) => {
  const folder = scratch();
  const from = join(folder, 'from');
  writeFileSync(from, 'mine');
  failAlways('linkSync', code);
  expect(createExclusively(join(folder, 'path'), { from })).toBe(true);
  expect(readFileSync(join(folder, 'path'), 'utf8')).toBe('mine');
});

test('a link that NFS reports as existing, because it made it itself, counts', () => {
  const folder = scratch();
  const [from, path] = [join(folder, 'from'), join(folder, 'path')];
  writeFileSync(from, 'mine');
  patchFileSystem('linkSync', (real) => (...args) => {
    real(...args);
    throw systemError('EEXIST', 'link');
  });
  expect(createExclusively(path, { from })).toBe(true);
});

describe('a rename', () => {
  test.each(['EBUSY', 'EACCES', 'EPERM'])('that is refused for a moment (%s) is tried again', (code) => {
    const path = join(scratch(), 'a.txt');
    let refusals = 2;
    patchFileSystem('renameSync', (real) => (...args) => {
      if (refusals-- > 0) throw systemError(code, 'rename');
      return real(...args);
    });
    writeTextAtomically(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  test('that stays refused leaves the old file and nothing else', () => {
    const folder = scratch();
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'old');
    failAlways('renameSync', 'EBUSY');
    expect(() => writeTextAtomically(path, 'new')).toThrow(`${path}: cannot be written (EBUSY`);
    expect(readdirSync(folder)).toEqual(['a.txt']);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  test('that NFS did but reports as failed counts', () => {
    const path = join(scratch(), 'a.txt');
    patchFileSystem('renameSync', (real) => (...args) => {
      real(...args);
      throw systemError('ENOENT', 'rename');
    });
    writeTextAtomically(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
  });
});

test.each([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the quota'],
  ['EROFS', 'read-only'],
  ['EFBIG', 'no file of this size'],
])('%s is told in words, and the old file stays', (code, words) => {
  const path = join(scratch(), 'a.txt');
  writeFileSync(path, 'old');
  patchFileSystem('writeSync', () => () => {
    throw systemError(code, 'write');
  });
  expect(() => writeTextAtomically(path, 'new')).toThrow(words);
  expect(readFileSync(path, 'utf8')).toBe('old');
});
