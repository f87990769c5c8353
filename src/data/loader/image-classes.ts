/**
 * Finds which classes the labels of each whole image have. A crop shows a part of an image, and a pixel without a label may
 * show any class that somebody drew elsewhere in it.
 */

import type { ComponentSection } from '../../registry/index.js';
import { ignoreIndex } from '../classes.js';
import type { SegmentationDataset } from '../datasets/dataset.js';
import { type FindingKey, findKept, keepFinding } from '../files/label-findings.js';
import { sampleStamps } from '../files/sample-stamps.js';

/** Is a part of the images of a dataset: every `step`-th from `first` on. */
interface ImagePart {
  readonly first: number;
  readonly step: number;
}

/** Counts the label files that are read at once. */
const together = 16;

/**
 * Returns for each image which classes its labels have, [images, classes] with 1 for those; rows of images outside of the
 * part are 0.
 *
 * @throws {DataError} naming the file when a label cannot be read
 */
export async function imageClasses(
  dataset: SegmentationDataset,
  { first, step }: ImagePart = { first: 0, step: 1 },
): Promise<Uint8Array> {
  const classCount = dataset.classes.length;
  const found = new Uint8Array(dataset.length * classCount);
  const own = Array.from(
    { length: Math.ceil((dataset.length - first) / step) },
    (_, place) => first + place * step,
  );
  for (let start = 0; start < own.length; start += together) {
    const some = own.slice(start, start + together);
    await Promise.all(
      some.map(async (index) => {
        const { labels } = (await dataset.readLabels?.(index)) ?? (await dataset.read(index));
        const seen = new Uint8Array(ignoreIndex + 1);
        for (const label of labels ?? []) seen[label] = 1;
        found.set(seen.subarray(0, classCount), index * classCount);
      }),
    );
  }
  return found;
}

/** Returns what was found in an earlier run; null where nothing was, or files have changed since. */
export async function keptImageClasses(
  dataset: SegmentationDataset,
  section: ComponentSection,
): Promise<Uint8Array | null> {
  const key = await keyOf(dataset, section);
  const found = key && (await findKept<Uint8Array>(key));
  return found?.length === dataset.length * dataset.classes.length ? found : null;
}

/** Keeps for later runs what was found; does nothing where the cache cannot be written. */
export async function keepImageClasses(
  dataset: SegmentationDataset,
  { section, found }: { readonly section: ComponentSection; readonly found: Uint8Array },
): Promise<void> {
  const key = await keyOf(dataset, section);
  if (key !== null) keepFinding(key, found);
}

async function keyOf(dataset: SegmentationDataset, section: ComponentSection): Promise<FindingKey | null> {
  const stamps = await sampleStamps(dataset.files).catch(() => null);
  if (stamps === null) return null;
  const names = stamps.map((_, index) => dataset.name(index));
  const classes = dataset.classes.map(({ name }) => name);
  return { kind: 'image-classes', format: 1, stamps, names, settings: { section, classes } };
}
