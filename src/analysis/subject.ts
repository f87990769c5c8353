/** What the figures look at: a network with the parts of its objective, in the middle of a run or at its end. */

import type { InferenceOptions, LoadedRun, SegmentationModel } from '../evaluation/index.js';
import { inferenceOptions } from '../evaluation/index.js';
import { losses, type PixelLoss } from '../losses/index.js';
import { foldBatchNorm } from '../models/index.js';
import { createComponent } from '../registry/index.js';
import { type Confidence, confidences, type Reweighter, reweighters } from '../reweighting/index.js';
import { checkpointPart } from '../runs/internal.js';
import { type Device, Generator, readSafetensors, scope, type Tensor } from '../torch/index.js';

/** A network whose extra heads, where it has any, feed the loss or the confidence. */
export interface SubjectModel extends SegmentationModel {
  forward(imagesNCHW: Tensor): {
    readonly logitsNCHW: Tensor;
    readonly extraHeads?: Readonly<Record<string, Tensor>>;
  };
}

export interface Subject {
  readonly model: SubjectModel;
  readonly pixelLoss: PixelLoss;
  readonly confidence: Confidence;
  /** Null where the run trains on the plain mean: every pixel then has the same weight. */
  readonly reweighter: Reweighter | null;
  /** How the network reads an image, and where it and the reweighter are. */
  readonly inference: InferenceOptions;
}

export interface SubjectOptions {
  /** Where the run's network is. */
  readonly device: Device;
  /** Number of training images, for reweighters that remember each; 0 when other images are looked at. */
  readonly datasetLength?: number;
}

/**
 * The subject of a run's last checkpoint. Disposing it frees the reweighter; the network stays the run's.
 *
 * @throws CheckpointError when the checkpoint's reweighter doesn't fit the config
 */
export function subjectOf(
  run: LoadedRun,
  { device, datasetLength = 0 }: SubjectOptions,
): Subject & Disposable {
  const { config, classes, model } = run;
  const classCount = classes.length;
  const reweighter = loadReweighter(run, { device, datasetLength });
  const folded = config.kernels === 'stock' ? null : foldBatchNorm(model);
  return {
    model: folded ?? model,
    pixelLoss: createComponent(losses, config.loss, { classCount }),
    confidence: createComponent(confidences, config.confidence, { classCount }),
    reweighter,
    // In full precision wherever it is looked at; training may have run on another machine.
    inference: { ...inferenceOptions(config), device, precision: 'float32' },
    [Symbol.dispose]: () => {
      reweighter?.dispose();
      folded?.[Symbol.dispose]();
    },
  };
}

function loadReweighter(
  { config, classes, checkpoint }: LoadedRun,
  { device, datasetLength }: Required<SubjectOptions>,
): Reweighter | null {
  if (config.reweighter === null) return null;
  using generator = new Generator(0);
  const reweighter = createComponent(reweighters, config.reweighter, {
    classCount: classes.length,
    datasetLength,
    generator,
  });
  try {
    using _read = scope();
    reweighter.loadStateDict(checkpointPart(readSafetensors(checkpoint).tensors, 'reweighter'));
    reweighter.to({ device });
    reweighter.eval();
    return reweighter;
  } catch (error) {
    reweighter.dispose();
    throw error;
  }
}
