/** Recognizes published datasets by the names of their folders. */

import { join } from 'node:path';
import type { LabeledPart } from './dataset-inspection.js';
import { foldersIn } from './folder-listing.js';

/** Describes the official layout of a published dataset. */
export interface OfficialLayout {
  readonly kind: string;
  /** Names the dataset in messages. */
  readonly title: string;
  /** Returns the parts in a folder; none when it has another layout. */
  parts(root: string): Promise<readonly LabeledPart[]>;
}

/** Returns the splits that have a folder of images and a folder of labels. */
async function commonSplits(
  root: string,
  folders: { readonly images: string; readonly labels: string },
): Promise<string[]> {
  const images = await foldersIn(join(root, folders.images));
  const labels = await foldersIn(join(root, folders.labels));
  return images.filter((split) => labels.includes(split));
}

const cityscapes: OfficialLayout = {
  kind: 'cityscapes',
  title: 'Cityscapes',
  async parts(root) {
    const sets = { fine: 'gtFine', coarse: 'gtCoarse' };
    const parts: LabeledPart[] = [];
    for (const [labels, folder] of Object.entries(sets)) {
      const splits = await commonSplits(root, { images: 'leftImg8bit', labels: folder });
      // The published labels of the test images are empty.
      for (const split of splits) if (split !== 'test') parts.push({ split, labels });
    }
    return parts;
  },
};

const ade20k: OfficialLayout = {
  kind: 'ade20k',
  title: 'ADE20K',
  async parts(root) {
    const splits = await commonSplits(root, { images: 'images', labels: 'annotations' });
    return Object.entries({ train: 'training', val: 'validation' })
      .filter(([, folder]) => splits.includes(folder))
      .map(([split]) => ({ split, labels: 'annotations' }));
  },
};

/** Lists the layouts in the order in which they are tried. */
export const officialLayouts: readonly OfficialLayout[] = [cityscapes, ade20k];
