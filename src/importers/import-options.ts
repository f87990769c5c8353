/** Defines the options of an import, and checks them before anything is read. */

import { ConfigError } from '../errors/index.js';
import type { WithoutLabels } from './dataset/choose-images.js';
import { type ClassChoice, parseClassChoice } from './dataset/class-choice.js';
import type { Grouping } from './dataset/frame-groups.js';
import type { UnlabeledPixels } from './dataset/resolve-classes.js';
import { parseShares, type SplitShare } from './dataset/split-shares.js';
import { pointsFolder } from './dataset/write-images.js';
import type { DrawOrder } from './draw-annotations.js';
import type { Importer } from './importer.js';

/** Configures `importDataset`. */
export interface ImportOptions {
  /** Names the format of the files; by default it is recognized. */
  readonly format?: string | undefined;
  /** Lists the importers that are tried: by default all of this package, beside which a program can put its own. */
  readonly importers?: readonly Importer[];
  /** Names a folder in which images are looked for, where the annotations do not lead to them. */
  readonly images?: string | undefined;
  /** Names the folder of labels in the dataset, `coarse` by default. */
  readonly labels?: string;
  /** Keeps, renames and merges classes: `car=vehicle,truck=vehicle,tree`, or a file; all are kept by default. */
  readonly classes?: string | undefined;
  /** Says what becomes of pixels that no annotation covers: `ignore` by default. */
  readonly unlabeled?: UnlabeledPixels;
  /** Says which of overlapping annotations lies on top: by default as the tool stacks them if the files say it, else the smaller one. */
  readonly drawOrder?: DrawOrder | undefined;
  /** Labels the pixels up to this distance from points and lines, in pixels; 0 by default. */
  readonly radius?: number;
  /** Says what becomes of images without a label: left out by default, and kept where unlabeled pixels are background. */
  readonly withoutLabels?: WithoutLabels | undefined;
  /** Divides the images by shares, `0.8/0.2`; by default the splits of the files are kept. */
  readonly split?: string | undefined;
  /** Says which images stay in one split: by default those that may be frames of one video, by their names. */
  readonly grouping?: Grouping;
  /** Takes a non-negative integer, on which the division into splits depends. */
  readonly seed?: number;
  /** Copies images instead of linking them. */
  readonly copy?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Ends the import, so that nothing is written. */
  readonly signal?: AbortSignal | undefined;
}

/** Says how far an import is. */
export interface ImportProgress {
  readonly activity: 'reading annotations' | 'drawing labels';
  readonly done: number;
  /** Is null while the number of images is not known. */
  readonly total: number | null;
}

/** Holds the options that are checked before anything is read. */
export interface ImportSettings {
  readonly labels: string;
  readonly choice: ClassChoice | null;
  readonly shares: readonly SplitShare[] | null;
  readonly unlabeled: UnlabeledPixels;
  /** Is null where the files decide. */
  readonly drawOrder: DrawOrder | null;
  readonly radius: number;
  readonly withoutLabels: WithoutLabels;
  readonly grouping: Grouping;
  readonly seed: number;
}

/**
 * Returns the options with their defaults.
 *
 * @throws {ConfigError} for an option that says nothing usable
 */
export function parseOptions({
  labels = 'coarse',
  classes,
  split,
  unlabeled = 'ignore',
  drawOrder,
  radius = 0,
  withoutLabels = unlabeled === 'background' ? 'keep' : 'skip',
  grouping = 'frames',
  seed = 0,
}: ImportOptions): ImportSettings {
  if (['images', pointsFolder, ''].includes(labels) || /[/\\]|^\./.test(labels)) {
    throw new ConfigError(
      `import: expected the name of a folder beside images and ${pointsFolder} as --labels, received '${labels}'`,
    );
  }
  if (!(radius >= 0 && radius < 1e4)) {
    throw new ConfigError(`import: expected a radius of at least 0 pixels, received ${radius}`);
  }
  return {
    labels,
    choice: classes === undefined ? null : parseClassChoice(classes),
    shares: split === undefined ? null : parseShares(split),
    unlabeled,
    drawOrder: drawOrder ?? null,
    radius,
    withoutLabels,
    grouping,
    seed,
  };
}
