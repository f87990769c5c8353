/**
 * Makes the points of runs that learn from some: drawn from the fine labels of the experiment's dataset, in place of a
 * person, where its coarse labels have none. They lie in the experiment's folder, as the dataset is the user's.
 */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { simulatePoints } from '../coarsen/index.js';
import type { Config } from '../config/index.js';
import { openDataset } from '../data/index.js';

/** Says which points a run needs and where they lie. */
export interface SimulatedPoints {
  /** Gives the absolute path of a folder with a folder for each split. */
  readonly folder: string;
  /** Counts the points of an image. */
  readonly count: number;
}

/** Is the part of a job that says which points it learns from. */
export interface PointsOfJob {
  readonly config: Pick<Config, 'data'>;
  /** Is null for a run without points. */
  readonly simulatedPoints: SimulatedPoints | null;
}

/** Returns whether the points of a job are still to be made. */
export function lacksPoints({ simulatedPoints, config }: PointsOfJob): boolean {
  return simulatedPoints !== null && !existsSync(path.join(simulatedPoints.folder, config.data.train.split));
}

/**
 * Writes the points that jobs need and that are not there yet.
 *
 * @throws {DataError} when the dataset has no fine labels to draw from
 * @throws {FileError} when the folder cannot be written
 */
export async function makePoints(
  jobs: readonly PointsOfJob[],
  { onNotice }: { readonly onNotice: (notice: string) => void },
): Promise<void> {
  for (const job of jobs) {
    const { simulatedPoints } = job;
    if (simulatedPoints === null || !lacksPoints(job)) continue;
    const { root, train, evaluation } = job.config.data;
    const open = (labels: string) => openDataset({ kind: 'folder', root, split: train.split, labels });
    const folder = path.join(simulatedPoints.folder, train.split);
    const { points, files } = await simulatePoints(await open(String(evaluation.labels)), folder, {
      count: simulatedPoints.count,
      coarse: await open(String(train.labels)),
    });
    onNotice(
      `wrote ${points} points of ${files} images to ${folder}: drawn from the fine labels in place of a person, where an ` +
        'image has no coarse label',
    );
  }
}
