/** Finds files with the same bytes, comparing as little of them as possible. */

import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { sha256OfFile } from '../../files/index.js';

/** Different photographs of one size in bytes almost always differ in these first bytes behind their headers. */
const headBytes = 65_536;

/**
 * Returns for each file the index of the first one with the same bytes, which is its own where it is the first. Files that
 * cannot be read count as different.
 */
export async function firstOfEqualFiles(paths: readonly string[]): Promise<number[]> {
  const firsts = paths.map((_, index) => index);
  const bySize = await grouped(
    paths.map((_, index) => index),
    async (index) => `${(await stat(paths[index] as string)).size}`,
  );
  for (const sameSize of bySize) {
    for (const sameHead of await grouped(sameSize, (index) => hashOfHead(paths[index] as string))) {
      for (const equal of await grouped(sameHead, async (index) => sha256OfFile(paths[index] as string))) {
        for (const index of equal) firsts[index] = equal[0] as number;
      }
    }
  }
  return firsts;
}

/** Returns the groups of at least two with one key. */
async function grouped(
  indices: readonly number[],
  keyOf: (index: number) => Promise<string>,
): Promise<number[][]> {
  const groups = new Map<string, number[]>();
  for (const index of indices) {
    const key = await keyOf(index).catch(() => `unreadable ${index}`);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

async function hashOfHead(path: string): Promise<string> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(headBytes);
    const { bytesRead } = await file.read(head, 0, headBytes, 0);
    return createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex');
  } finally {
    await file.close();
  }
}
