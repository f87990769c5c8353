/** Gives fuzz targets a file in memory, as readers take a path. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Is the folder for files in memory on Linux. */
const memoryFolder = '/dev/shm';

const folders: string[] = [];

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Is a file of a fixed path whose content each input replaces. It is removed when the process ends. */
export class ScratchFile {
  readonly path: string;

  constructor(name: string) {
    const folder = mkdtempSync(join(existsSync(memoryFolder) ? memoryFolder : tmpdir(), 'coarsely-fuzz-'));
    if (folders.push(folder) === 1) process.once('exit', removeFolders);
    this.path = join(folder, name);
  }

  /** Replaces the content and returns the path. */
  write(content: Uint8Array): string {
    writeFileSync(this.path, content);
    return this.path;
  }
}
