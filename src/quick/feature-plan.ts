/**
 * Plans what is kept of the features of a dataset: on disk the maps of all images, or where they take too much only the rows
 * of chosen pixels; in memory as many rows of each image as the budget holds.
 */

import type { Size } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { passViews } from '../evaluation/internal.js';
import { counted, formatBytes, formatCount } from '../format/index.js';
import type { Backbone, FeatureTap } from '../models/index.js';
import { tapChannels } from '../models/internal.js';
import type { FeatureView } from './feature-view.js';

/** Describes a dataset and the features that are wanted of it. */
export interface FeatureDemand {
  readonly backbone: Pick<Backbone, 'channels' | 'outputStride'> & { readonly stemChannels?: number };
  readonly taps: readonly FeatureTap[];
  /** Counts the images. */
  readonly images: number;
  /** Holds the sizes of some images, spread over the dataset. */
  readonly sizes: readonly Size[];
  readonly views: readonly FeatureView[];
  readonly baseSize?: readonly [number, number] | null;
  /** Counts the cells in each direction that a row holds. */
  readonly patchSize: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

/** Says what is kept of the features of a dataset. */
export interface FeaturePlan {
  /** Names what is kept on disk between runs: whole maps, or the rows of chosen pixels alone. */
  readonly kept: 'maps' | 'rows';
  /** Limits the rows of an image in a view. */
  readonly rowsPerView: number;
  /** Counts the bytes of a row with its label and place. */
  readonly rowBytes: number;
  /** Estimates the bytes of the maps of all images and views. */
  readonly mapBytes: number;
  /** Limits the bytes of all rows. */
  readonly tableBytes: number;
  /** Says the same to a person, in one line; null where every stride-4 cell of the images is kept. */
  readonly notice: string | null;
}

/** Counts the bytes that a row takes beside its features: label, image, place, multiplicity and slot. */
const rowOverhead = 1 + 4 + 8 + 4 + 4;
const mebibyte = 2 ** 20;

/**
 * Returns the plan for a dataset.
 *
 * @throws {ConfigError} when the memory does not hold a row of each image
 */
export function planFeatures(demand: FeatureDemand): FeaturePlan {
  const { backbone, taps, images, sizes, views, baseSize = null, patchSize, memoryMiB, diskMiB } = demand;
  const channels = taps.reduce((sum, tap) => sum + tapChannels(backbone, tap), 0);
  const rowBytes = 2 * channels * patchSize ** 2 + rowOverhead;
  const viewCount = images * views.length;
  const rowsPerView = Math.floor((memoryMiB * mebibyte) / (viewCount * rowBytes));
  if (rowsPerView === 0) {
    const needed = Math.ceil((viewCount * rowBytes) / mebibyte);
    throw new ConfigError(
      `quick.memoryMiB: expected at least ${needed}, which holds one pixel of each of ${counted(images, 'image')} in ` +
        `${counted(views.length, 'view')}, received ${memoryMiB}`,
    );
  }
  const pixels = sizes.map((size) =>
    views.reduce((sum, { scale }) => {
      const pass = passViews(size, { scales: [scale], baseSize })[0]?.size ?? size;
      return sum + pass.width * pass.height;
    }, 0),
  );
  const meanPixels = pixels.reduce((sum, count) => sum + count, 0) / Math.max(1, pixels.length);
  const mapBytes = Math.ceil(images * meanPixels * bytesPerPixel(demand));
  const kept = mapBytes <= diskMiB * mebibyte ? 'maps' : 'rows';
  const tableBytes = viewCount * rowsPerView * rowBytes;
  return {
    kept,
    rowsPerView,
    rowBytes,
    mapBytes,
    tableBytes,
    notice: noticeOf(demand, { kept, rowsPerView, mapBytes, tableBytes, meanPixels }),
  };
}

function noticeOf(
  { images, views, memoryMiB, diskMiB }: FeatureDemand,
  plan: Omit<FeaturePlan, 'rowBytes' | 'notice'> & { readonly meanPixels: number },
): string | null {
  const { kept, rowsPerView, mapBytes, meanPixels } = plan;
  const rows = rowsPerView * views.length;
  const dataset = counted(images, 'image');
  if (kept === 'rows') {
    return (
      `keeps at most ${counted(rows, 'labeled pixel')} of each image: the features of all ${dataset} would take ` +
      `${formatBytes(mapBytes)} on disk (quick.diskMiB is ${diskMiB}), and quick.memoryMiB is ${memoryMiB}`
    );
  }
  if (rows >= meanPixels / 16) return null;
  return (
    `keeps at most ${counted(rows, 'labeled pixel')} of each image, which fill quick.memoryMiB (${formatCount(memoryMiB)}); ` +
    `the features of all ${dataset} take ${formatBytes(mapBytes)} on disk`
  );
}

/** Returns the bytes of the maps of all taps for each pixel that the network sees. */
function bytesPerPixel({ backbone, taps }: FeatureDemand): number {
  return taps.reduce((sum, tap) => {
    const stride = Math.min(usualStride[tap], Math.max(4, backbone.outputStride));
    return sum + (2 * tapChannels(backbone, tap)) / stride ** 2;
  }, 0);
}

/** Gives the stride of each tap's map, which the output stride of the backbone limits. */
const usualStride = { stem: 4, stage1: 4, stage2: 8, stage3: 16, stage4: 32 } as const;
