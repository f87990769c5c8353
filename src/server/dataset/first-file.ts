/** Looks for a file of an extension without listing a whole tree. */

import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Returns the first file below a folder whose name ends in `extension`; null where there is none. */
export async function firstFile(folder: string, extension: string): Promise<string | null> {
  const below: string[] = [];
  const entries = await opendir(folder).catch(() => null);
  if (entries === null) return null;
  for await (const entry of entries) {
    if (entry.isDirectory()) below.push(entry.name);
    else if (entry.name.toLowerCase().endsWith(extension)) return join(folder, entry.name);
  }
  for (const name of below) {
    const found = await firstFile(join(folder, name), extension);
    if (found !== null) return found;
  }
  return null;
}
