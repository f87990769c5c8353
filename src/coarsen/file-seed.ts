/** Gives each file random numbers of its own, so that files added or removed later change nothing in the others. */

import { sep } from 'node:path';
import { RandomStream } from '../data/index.js';

/** Returns a seed for a file by its path or name within the dataset. */
export function fileSeed(seed: number, file: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(file.split(sep).join('/'))) hash = Math.imul(hash ^ byte, 0x01000193);
  return new RandomStream(seed, [hash >>> 0]).uint32();
}
