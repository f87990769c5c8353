/** Prepares a region for the page: its outline, its decision, and whether the labels are still those that were audited. */

import type { SuspectRegion } from '../../audit/index.js';
import { DataError } from '../../errors/index.js';
import { parseRuns, type Ring, traceRings, visitRuns } from '../../geometry/index.js';
import { fitDecision } from '../../review/internal.js';
import type { ServedDataset } from '../dataset/served-dataset.js';
import type { RegionDecision } from './journal-state.js';

/** Is a region as the page shows it. */
export interface ShownRegion extends Omit<SuspectRegion, 'runs'> {
  /** Is its place in the order of the audit, from 0. */
  readonly place: number;
  /** Holds its outline and those of holes, x0, y0, x1, y1, … in pixels of the image. */
  readonly rings: readonly Ring[];
  /** Is what the journal says about it. */
  readonly decision: ShownDecision | null;
  /** Says in a sentence why nothing can be decided about it; null where that is possible. */
  readonly problem: string | null;
}

/** Is a decision about a region as the page shows it. */
export interface ShownDecision {
  readonly line: string;
  readonly action: RegionDecision['action'];
  /** Names the class that it gives; null for none. */
  readonly class: string | null;
  readonly by: string;
}

/** Puts together what the page shows of a region. */
export async function shownRegion(
  region: SuspectRegion,
  {
    place,
    decision,
    dataset,
  }: {
    readonly place: number;
    readonly decision: RegionDecision | undefined;
    readonly dataset: ServedDataset;
  },
): Promise<ShownRegion> {
  const { runs: _, ...shown } = region;
  return {
    ...shown,
    place,
    rings: ringsOf(region),
    decision: decision === undefined ? null : shownDecision(decision),
    problem: await regionProblem(region, dataset),
  };
}

/** Returns what the page shows of a decision. */
export function shownDecision(line: RegionDecision): ShownDecision {
  const { id, action, by, region } = line;
  const given = region.given === '' ? null : region.given;
  const result = { accept: region.suggested, keep: given, unlabel: null, assign: null }[action];
  return { line: id, action, by, class: action === 'assign' ? line.class : result };
}

/** Says in a sentence why a region no longer fits the labels of the dataset; null where it does. */
export async function regionProblem(region: SuspectRegion, dataset: ServedDataset): Promise<string | null> {
  const { split, image, labels, width, height, id, given, suggested, runs } = region;
  let map: Awaited<ReturnType<ServedDataset['readLabels']>>;
  try {
    map = await dataset.readLabels(split, { labels, name: image });
  } catch (error) {
    if (error instanceof DataError) return error.message;
    throw error;
  }
  if (map === null) return `${image}: the image or its labels are not in the dataset any more`;
  const line = {
    ...{ id, time: '', by: '-', split, image, labels, width, height, action: 'keep' as const },
    region: { id, given, suggested, runs },
  };
  const fit = fitDecision(
    { line, place: 'audit', order: 0 },
    {
      labels: map.labels,
      width: map.width,
      height: map.height,
      classes: dataset.classes,
      canBeUnlabeled: true,
    },
  );
  if (!('code' in fit)) return null;
  return `${fit.example.replace(/^audit: /, '')}; the dataset changed since the audit`;
}

function ringsOf({ runs, width, height, box: [left, top, boxWidth, boxHeight] }: SuspectRegion): Ring[] {
  const ids = new Int32Array(boxWidth * boxHeight).fill(-1);
  try {
    visitRuns(parseRuns(runs), { width, height }, (pixel) => {
      const [x, y] = [(pixel % width) - left, Math.floor(pixel / width) - top];
      if (x >= 0 && y >= 0 && x < boxWidth && y < boxHeight) ids[y * boxWidth + x] = 0;
    });
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
  return traceRings(ids, { width: boxWidth, height: boxHeight }).map(({ ring }) =>
    ring.map((value, index) => value + (index % 2 === 0 ? left : top)),
  );
}
