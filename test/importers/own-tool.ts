/** Makes a tool of a test's own: an importer of annotations that the test states, of images that it writes. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AnnotatedImage,
  type Annotation,
  type Importer,
  type ImportOptions,
  importDataset,
} from 'coarsely/importers';
import { beforeEach } from 'vitest';
import { makeTemporaryFolder } from '../support/temporary-folders.js';
import { rgbPng } from './import-files.js';

/** Is a folder of each test, with the source of the import and the place of the dataset. */
export let root: string;
export let source: string;
export let out: string;

/** Gives each test of the present file such a folder. Files share this module, so every file calls it. */
export function giveImportFolders(): void {
  beforeEach(() => {
    root = makeTemporaryFolder('coarsely-import-');
    source = join(root, 'source');
    out = join(root, 'out');
    mkdirSync(source);
  });
}

export const size = { width: 6, height: 3 };

/** Returns a box over all rows, from one column to another. */
export function box(className: string | null, left: number, right: number): Annotation {
  const ring = [left, 0, right, 0, right, 3, left, 3];
  return { className, shape: { kind: 'polygon', parts: [[ring]] }, place: `${className} ${left}` };
}

interface Given extends Partial<AnnotatedImage> {
  readonly annotations: readonly Annotation[];
}

/** Writes an image of its own for each name, and returns an importer that gives them. */
export function tool(images: Readonly<Record<string, Given>>, more: Partial<Importer> = {}): Importer {
  let shade = 0;
  for (const name of Object.keys(images)) {
    shade += 9;
    const bytes = rgbPng(size, (pixel) => [shade, pixel, shade]);
    mkdirSync(join(source, name, '..'), { recursive: true });
    if (!existsSync(join(source, name))) writeFileSync(join(source, name), bytes);
  }
  return {
    format: 'own',
    title: 'Own',
    looksFor: 'what the test writes',
    recognize: async () => 'the test',
    open: async () => ({
      classes: null,
      count: Object.keys(images).length,
      async *images() {
        for (const [name, given] of Object.entries(images)) {
          const path = join(source, name);
          yield { fileName: name, path, size, split: null, source: join(source, 'all.json'), ...given };
        }
      },
    }),
    ...more,
  };
}

/** Imports what an importer gives into one split. */
export function run(importer: Importer, options: ImportOptions = {}) {
  return importDataset(source, out, { importers: [importer], split: 'train=1', ...options });
}
