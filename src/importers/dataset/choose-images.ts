/** Leaves out images that are there twice, and those that nobody labeled. */

import { stat } from 'node:fs/promises';
import { ignoreIndex } from '../../data/index.js';
import type { LabelsByName } from '../draw-annotations.js';
import type { ImportFinding } from '../importer.js';
import { firstOfEqualFiles } from './duplicate-images.js';
import type { ScannedImage } from './scan-images.js';

/** Says what becomes of images without a label. */
export type WithoutLabels = 'skip' | 'keep';

/** Configures `chooseImages`. */
export interface ChooseImagesOptions {
  readonly labels: LabelsByName;
  readonly withoutLabels: WithoutLabels;
  readonly onFinding: (finding: ImportFinding) => void;
}

/** Holds the images that are imported. */
export interface ChosenImages {
  readonly images: ScannedImage[];
  /** Counts entries that annotate the same image as an imported one. */
  readonly repeated: number;
}

/**
 * Returns the images that are imported. Of images with the same bytes, which would put one picture into two splits, the first
 * that has labels is kept.
 */
export async function chooseImages(
  images: readonly ScannedImage[],
  { labels, withoutLabels, onFinding }: ChooseImagesOptions,
): Promise<ChosenImages> {
  const isLabeled = ({ classNames }: ScannedImage): boolean =>
    classNames.some((name) => {
      const label = labels.get(name);
      return label !== undefined && label !== null && label !== ignoreIndex;
    });
  const kept = images.filter((image) => {
    if (withoutLabels === 'keep' || isLabeled(image)) return true;
    onFinding({
      code: 'without-labels',
      message: 'an image without a label is left out; --without-labels keep takes it as all unlabeled',
      example: image.embedded ? `${image.source}: ${image.fileName}` : image.path,
    });
    return false;
  });
  const inOrder = [...kept.filter(isLabeled), ...kept.filter((image) => !isLabeled(image))];
  const firsts = await firstOfEqualFiles(inOrder.map(({ path }) => path));
  const twice = new Set<ScannedImage>();
  let repeated = 0;
  for (const [index, image] of inOrder.entries()) {
    const first = inOrder[firsts[index] as number] as ScannedImage;
    if (first === image) continue;
    twice.add(image);
    const oneFile = await isOneFile(first.path, image.path);
    if (oneFile) repeated++;
    onFinding(
      oneFile
        ? {
            code: 'annotated-twice',
            message: 'an image that is annotated twice keeps its first annotations',
            example: `${image.source}: ${image.fileName} (kept: ${first.source})`,
          }
        : {
            code: 'duplicate-image',
            message: 'an image with the bytes of another is left out',
            example: `${image.path} (kept: ${first.path})`,
          },
    );
  }
  return { images: kept.filter((image) => !twice.has(image)), repeated };
}

/** Returns whether two paths lead to one file. */
async function isOneFile(a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const [one, other] = await Promise.all([stat(a), stat(b)]);
  return one.ino === other.ino && one.dev === other.dev;
}
