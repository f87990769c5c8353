/** Links what a check found to the images that show it. */

import type { DatasetInspection, Finding } from '../../inspect/index.js';
import type { ServedDataset } from '../dataset/served-dataset.js';

/** Names a file that shows a problem. */
interface LinkedExample {
  /** Is the file and, where reasons differ, the reason. */
  readonly text: string;
  /** Names the image that the file belongs to; null where it belongs to none. */
  readonly image: { readonly split: string; readonly name: string } | null;
}

/** Is a problem with the images that show it. */
export interface LinkedFinding
  extends Pick<Finding, 'code' | 'split' | 'labels' | 'message' | 'remedy' | 'count'> {
  readonly examples: readonly LinkedExample[];
}

/** Returns the problems that a check found, each with the images of its files. */
export function linkFindings(
  { problems }: DatasetInspection,
  dataset: ServedDataset,
): Promise<LinkedFinding[]> {
  return Promise.all(
    problems.map(async ({ code, split, labels, message, remedy, count, examples }) => ({
      ...{ code, split, labels, message, remedy, count },
      examples: await Promise.all(
        examples.map(async (text) => ({ text, image: await imageOf(text, dataset) })),
      ),
    })),
  );
}

/** Finds the image of a text such as `coarse/train/a.png (reason)`: the name of a file may hold spaces, dots and brackets. */
async function imageOf(
  text: string,
  dataset: ServedDataset,
): Promise<{ readonly split: string; readonly name: string } | null> {
  const [, ...folders] = text.split('/');
  for (const split of dataset.splits) {
    const inSplit = split === '.' ? folders.join('/') : folders.slice(1).join('/');
    if (split !== '.' && folders[0] !== split) continue;
    const list = await dataset.images(split).catch(() => null);
    if (list === null) continue;
    // The longest beginning that is the name of an image, without an extension or with a suffix such as `_mask`.
    for (let end = inSplit.length; end > 0; end--) {
      const name = inSplit.slice(0, end);
      if (list.indexOf(name) !== undefined) return { split, name };
    }
  }
  return null;
}
