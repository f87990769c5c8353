import {
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { copyDurably, linkFile } from '#files/index.js';

const root = mkdtempSync(join(tmpdir(), 'coarsely-place-'));
afterAll(() => rmSync(root, { recursive: true }));
const source = join(root, 'a.png');
writeFileSync(source, 'content');

it('links the file itself, also through a relative link to it, and never takes the place of another file', async () => {
  const target = join(root, 'linked.png');
  expect(await linkFile(source, { target })).toBe('hard link');
  expect(statSync(target).ino).toBe(statSync(source).ino);
  symlinkSync('a.png', join(root, 'relative.png'));
  expect(await linkFile(join(root, 'relative.png'), { target: join(root, 'second.png') })).toBe('hard link');
  expect(lstatSync(join(root, 'second.png')).isSymbolicLink()).toBe(false);
  await expect(linkFile(source, { target })).rejects.toThrow(/EEXIST/);
});

it.skipIf(!existsSync('/dev/shm'))('links by name across file systems', async () => {
  const other = mkdtempSync('/dev/shm/coarsely-place-');
  try {
    const target = join(other, 'b.png');
    const onOneDisk = statSync(other).dev === statSync(root).dev;
    expect(await linkFile(source, { target })).toBe(onOneDisk ? 'hard link' : 'symbolic link');
    expect(readFileSync(target, 'utf8')).toBe('content');
  } finally {
    rmSync(other, { recursive: true });
  }
});

it('copies into a file of its own', async () => {
  const target = join(root, 'copy.png');
  await copyDurably(source, { target });
  expect(statSync(target).ino).not.toBe(statSync(source).ino);
  writeFileSync(target, 'changed');
  expect(readFileSync(source, 'utf8')).toBe('content');
  linkSync(source, join(root, 'taken.png'));
  await expect(copyDurably(source, { target: join(root, 'taken.png') })).rejects.toThrow(/EEXIST/);
});
