/** Inspects folders of points: how many there are, what is wrong with them, and what the label files say at their places. */

import { join } from 'node:path';
import {
  countPoints,
  ignoreIndex,
  openDataset,
  openPoints,
  type PointLabels,
  type SegmentationDataset,
} from '../data/index.js';
import { DataError } from '../errors/index.js';
import type { ComponentSection } from '../registry/index.js';
import type { Finding, PointComparison, PointsInspection } from './dataset-inspection.js';
import { foldersIn } from './folder-listing.js';
import type { InspectionSource } from './source.js';

/** Holds what was found out about the points of a dataset. */
export interface FoundPoints {
  readonly points: readonly PointsInspection[];
  readonly findings: readonly Finding[];
}

/** Matches folders that hold points. */
const pointNames = /^points/i;

/**
 * Inspects the points of all splits. Images that cannot be opened are other findings' matter.
 *
 * @param section holds how the images of the dataset are read
 */
export async function inspectPoints(
  source: InspectionSource,
  section: Readonly<Record<string, unknown>>,
): Promise<FoundPoints> {
  const points: PointsInspection[] = [];
  const findings: Finding[] = [];
  for (const folder of (await foldersIn(source.root)).filter((name) => pointNames.test(name))) {
    const splits = await foldersIn(join(source.root, folder));
    for (const split of source.splits.filter(({ name }) => splits.includes(name))) {
      const place = { root: source.root, labels: folder, split: split.name };
      const part = { kind: source.kind, root: source.root, split: split.name, ...section };
      const dataset = await openDataset({ ...part, labels: null }).catch(dataErrors);
      if (dataset === null || dataset instanceof DataError) continue;
      const found = await openPoints(dataset, place).catch(dataErrors);
      if (found instanceof DataError) {
        findings.push(findingOf(found, { split: split.name, labels: folder }));
        continue;
      }
      const sets = [...split.labels.keys()].filter((name) => !pointNames.test(name));
      const comparisons: PointComparison[] = [];
      for (const labels of sets) {
        const options = source.options.get(labels) ?? {};
        comparisons.push(await compare(found, dataset, { ...part, ...options, labels }));
      }
      points.push(summarize(found, { folder, split: split.name, dataset, comparisons }));
    }
  }
  return { points, findings };
}

function summarize(
  found: PointLabels,
  {
    dataset,
    ...place
  }: Pick<PointsInspection, 'folder' | 'split' | 'comparisons'> & { readonly dataset: SegmentationDataset },
): PointsInspection {
  const { points, unanswered, pixelsByClass } = countPoints(found);
  return {
    ...place,
    images: found.size,
    points,
    unanswered,
    perClass: dataset.classes.map(({ name }, index) => ({ name, points: pixelsByClass[index] ?? 0 })),
  };
}

/** Counts at how many points a folder of labels has a label, and at how many of these the same. */
async function compare(
  points: PointLabels,
  images: SegmentationDataset,
  section: ComponentSection & { readonly labels: string },
): Promise<PointComparison> {
  const labeled = await openDataset(section).catch(dataErrors);
  let [count, covered, agreeing] = [0, 0, 0];
  if (!(labeled instanceof DataError)) {
    const indices = new Map(
      Array.from({ length: labeled.length }, (_, index) => [labeled.name(index), index] as const),
    );
    for (const [place, { pixels, classes, width, height }] of points) {
      const index = indices.get(images.name(place));
      const map = index === undefined ? null : await labeled.readLabels?.(index).catch(dataErrors);
      if (!map || map instanceof DataError || map.width !== width || map.height !== height) continue;
      count += pixels.length;
      for (const [at, pixel] of pixels.entries()) {
        const label = map.labels[pixel];
        if (label === ignoreIndex) continue;
        covered++;
        if (label === classes[at]) agreeing++;
      }
    }
  }
  return {
    labels: section.labels,
    covered: count === 0 ? null : covered / count,
    agreement: covered === 0 ? null : agreeing / covered,
  };
}

function findingOf(error: DataError, place: { readonly split: string; readonly labels: string }): Finding {
  return {
    code: 'points',
    ...place,
    message: 'training with these points would stop',
    remedy: 'mend the file that the line names',
    count: 1,
    examples: [error.message],
  };
}

/** Returns a DataError, and throws any other. */
function dataErrors(error: unknown): DataError {
  if (error instanceof DataError) return error;
  throw error;
}
