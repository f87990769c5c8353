/** Holds points out of the training, and scores what the network predicts there. */

import { type PointLabels, RandomStream, type SegmentationDataset } from '../data/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import { DataError } from '../errors/index.js';
import { ConfusionMatrix, evaluate, inferenceOptions } from '../evaluation/index.js';
import type { HeldOutValues } from '../runs/index.js';
import { noGrad, tidy } from '../torch/index.js';
import { forwardMaps } from './forward-maps.js';
import { broadcastJson } from './rank-state.js';
import type { RunBatches } from './step-source.js';
import type { Trainer } from './trainer.js';
import { allLabels } from './trusted-loss.js';

/** Holds points that are learned from, and others that are not. */
export interface DividedPoints {
  readonly learned: PointLabels;
  readonly heldOut: PointLabels;
}

/** Separates this draw from others of the same seed. */
const purpose = 0x686f6c64;

/**
 * Holds out the points of a share of the images, at least one and never all, drawn as a function of the seed. Points of one
 * image are alike, so that only whole images tell whether what was learned holds elsewhere.
 * @throws {DataError} when fewer than two images have points
 */
export function holdOutPoints(
  points: PointLabels,
  { share, seed }: { readonly share: number; readonly seed: number },
): DividedPoints {
  const indices = [...points.keys()].sort((a, b) => a - b);
  const { length } = indices;
  if (length < 2) {
    throw new DataError(
      `training.stopping: holds out the points of some images, and ${length} image has points; expected at least 2`,
    );
  }
  const count = Math.min(length - 1, Math.max(1, Math.round(share * length)));
  const order = new RandomStream(seed, [purpose]).permutation(length);
  const chosen = new Set(Array.from(order.subarray(0, count), (place) => indices[place]));
  const entries = [...points];
  return {
    learned: new Map(entries.filter(([index]) => !chosen.has(index))),
    heldOut: new Map(entries.filter(([index]) => chosen.has(index))),
  };
}

/** Holds what a score is taken of. */
export interface HeldOutPlace {
  readonly trainer: Trainer;
  readonly loader: Pick<RunBatches, 'heldOut'>;
  /** Shows the images with held-out points. */
  readonly images: SegmentationDataset;
  readonly processGroup: ProcessGroup | null;
}

/** Returns the scores of held-out points; they are the same on all ranks, which all must call it. */
export async function scoreHeldOut(place: HeldOutPlace): Promise<Pick<HeldOutValues, 'mIoU' | 'aAcc'>> {
  const { processGroup } = place;
  const { mIoU, aAcc } = scoreRows(place) ?? (await scoreImages(place));
  return processGroup ? broadcastJson(processGroup, { mIoU, aAcc }) : { mIoU, aAcc };
}

function scoreImages({ trainer, images, processGroup }: HeldOutPlace) {
  return evaluate(trainer.publishedNetwork, images, {
    ...inferenceOptions(trainer.config),
    precision: trainer.precision,
    processGroup,
  });
}

/** Scores the held-out points of a source that has stored features of them; null where it has none. */
function scoreRows({ trainer, loader, images }: HeldOutPlace) {
  const batch = loader.heldOut?.();
  if (!batch) return null;
  const network = trainer.publishedStepNetwork;
  const wasTraining = network.training;
  using matrix = new ConfusionMatrix(images.classes.length, { device: trainer.config.device });
  network.eval();
  try {
    tidy(() =>
      noGrad(() => {
        const { logitsNCHW } = forwardMaps(network, batch.imagesNCHW, { precision: trainer.precision });
        matrix.update(logitsNCHW.argmax(1), allLabels(batch));
      }),
    );
  } finally {
    network.train(wasTraining);
    batch.imagesNCHW.dispose();
    batch.labelsNHW.dispose();
  }
  return matrix.metrics();
}
