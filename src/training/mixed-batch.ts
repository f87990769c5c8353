/** Joins crops with labels that train and crops with clean labels in one batch, and places points into it. */

import { type Batch, ignoreIndex, type PointLabels, placePoints } from '../data/index.js';
import type { TrainingBatch, TrustedMap } from './training-batch.js';

/** Says which labels of a batch are trusted. */
export interface TrustedParts {
  /** Holds the points of training images with their share; null where none are read. */
  readonly points: { readonly labels: PointLabels; readonly share: number } | null;
  /** Is a batch with clean labels and its share; null where none are mixed in. */
  readonly clean: { readonly batch: Batch; readonly share: number } | null;
  /** Counts the parts in which the batch is computed, over which clean crops are spread. */
  readonly parts: number;
}

/** Is the origin of a crop that shows no part of a training image, which nothing remembers or looks up. */
const noPart = { index: 0, left: 2, right: 3, top: 2, bottom: 3, mirrored: false } as const;

/** Is a batch whose labels are those that no trusted ones replace. */
type MixedBatch = Pick<TrainingBatch, 'images' | 'labels' | 'origins' | 'trusted'>;

/**
 * Returns the batch with its trusted labels. Without any it is as it was. Pixels that a point names lose their other label
 * in the memory of the batch itself.
 */
export function mixBatch(batch: Batch, { points, clean, parts }: TrustedParts): MixedBatch {
  const { images, origins, height, width } = batch;
  if (points === null && clean === null) return { images, labels: batch.labels, origins };
  const crop = { width, height };
  const placed = points && placePoints(points.labels, { origins, crop });
  const { labels } = batch;
  for (let pixel = 0; pixel < (placed?.length ?? 0); pixel++) {
    if (placed?.[pixel] !== ignoreIndex) labels[pixel] = ignoreIndex;
  }
  if (clean === null) {
    return {
      images,
      labels,
      origins,
      trusted: points && placed ? [{ labels: placed, share: points.share }] : [],
    };
  }
  const own = origins.length;
  const order = interleaved({ first: own, second: clean.batch.origins.length, parts });
  const pick = <T extends Float32Array | Uint8Array>(first: T, second: T | null, empty: T): T => {
    const length = first.length / own;
    for (const [place, index] of order.entries()) {
      const source = index < own ? first : second;
      if (source === null) continue;
      const start = (index < own ? index : index - own) * length;
      empty.set(source.subarray(start, start + length), place * length);
    }
    return empty;
  };
  const pixels = order.length * height * width;
  const unknown = () => new Uint8Array(pixels).fill(ignoreIndex);
  const nothing = new Uint8Array(own * height * width).fill(ignoreIndex);
  const trusted: TrustedMap[] = [];
  if (points && placed) trusted.push({ labels: pick(placed, null, unknown()), share: points.share });
  trusted.push({ labels: pick(nothing, clean.batch.labels, unknown()), share: clean.share });
  return {
    images: pick(images, clean.batch.images, new Float32Array((images.length / own) * order.length)),
    labels: pick(labels, null, unknown()),
    origins: order.map((index) => origins[index] ?? noPart),
    trusted,
  };
}

/** Returns the order in which each part of a batch has its part of both kinds; the second kind is numbered on. */
function interleaved({
  first,
  second,
  parts,
}: {
  readonly first: number;
  readonly second: number;
  readonly parts: number;
}): number[] {
  const range = (start: number, count: number) => Array.from({ length: count }, (_, place) => start + place);
  return Array.from({ length: parts }, (_, part) => [
    ...range((part * first) / parts, first / parts),
    ...range(first + (part * second) / parts, second / parts),
  ]).flat();
}
