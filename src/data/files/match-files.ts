/** Which image belongs to which label file, once both are listed by name. */

import type { FilePair } from './pair-table.js';

/** Files by name: an image and its labels have the same. */
export type FilesByName = ReadonlyMap<string, string>;

/** Pairs, and a line for each file that has no partner. */
export interface MatchedFiles {
  readonly pairs: readonly FilePair[];
  readonly problems: readonly string[];
}

/** Pairs in the order of `images`; `expected` says in messages where a partner was looked for. */
export function matchFiles(
  { images, labels }: { readonly images: FilesByName; readonly labels: FilesByName },
  expected: { readonly labels: (name: string) => string; readonly image: (name: string) => string },
): MatchedFiles {
  const pairs: FilePair[] = [];
  const problems: string[] = [];
  for (const [name, image] of images) {
    const labelFile = labels.get(name);
    if (labelFile === undefined) problems.push(`${image}: no labels; expected ${expected.labels(name)}`);
    else pairs.push({ name, image, labels: labelFile });
  }
  for (const [name, labelFile] of labels) {
    if (!images.has(name)) {
      problems.push(`${labelFile}: labels without an image; expected ${expected.image(name)}`);
    }
  }
  return { pairs, problems };
}

/** Images that are read without labels. */
export function unlabeled(images: FilesByName): MatchedFiles {
  return { pairs: [...images].map(([name, image]) => ({ name, image, labels: null })), problems: [] };
}
