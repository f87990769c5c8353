/** A network with the parts of its training objective, so that its losses and weights can be measured on any image. */

import type { InferenceOptions, LoadedRun, SegmentationModel } from '../evaluation/index.js';
import { inferenceOptions, loadModel } from '../evaluation/index.js';
import { losses, type PixelLoss } from '../losses/index.js';
import { foldBatchNorm, type Segmentor } from '../models/index.js';
import { createComponent } from '../registry/index.js';
import { type Confidence, confidences, type Reweighter, reweighters } from '../reweighting/index.js';
import { checkpointPart } from '../runs/internal.js';
import { type Device, Generator, readSafetensors, scope, type Tensor } from '../torch/index.js';

/** A network that may have extra heads, which feed the loss or the confidence. */
export interface MultiHeadModel extends SegmentationModel {
  /** Maps images [N, 3, H, W] to logits, and to the maps of the extra heads by name. */
  forward(imagesNCHW: Tensor): {
    readonly logitsNCHW: Tensor;
    readonly extraHeads?: Readonly<Record<string, Tensor>>;
  };
}

/** Holds a network together with the loss, confidence and reweighter that it is trained with. */
export interface ModelWithObjective {
  readonly model: MultiHeadModel;
  readonly pixelLoss: PixelLoss;
  readonly confidence: Confidence;
  /** Null where the run trains on the plain mean, so that every pixel has the same weight. */
  readonly reweighter: Reweighter | null;
  /** Is the moving average of the network, for reweighters that read agreement; null or absent where none does. */
  readonly teacher?: MultiHeadModel | null;
  /** The way an image is read, and the device of network and reweighter. */
  readonly inference: InferenceOptions;
}

/** Configures how `modelWithObjective` reads a run's checkpoint. */
export interface ModelWithObjectiveOptions {
  /** The device of the run's network. */
  readonly device: Device;
  /** Number of training images, for reweighters that remember each of them; 0 when other images are measured. */
  readonly datasetLength?: number;
}

/**
 * Takes the network of a loaded run and reads the reweighter of its last checkpoint. Disposing the result frees the
 * reweighter; the network stays the run's.
 *
 * @throws {CheckpointError} when the checkpoint's reweighter does not fit the config
 */
export function modelWithObjective(
  run: LoadedRun,
  { device, datasetLength = 0 }: ModelWithObjectiveOptions,
): ModelWithObjective & Disposable {
  const { config, classes, model } = run;
  const classCount = classes.length;
  const reweighter = loadReweighter(run, { device, datasetLength });
  const teacher = reweighter?.needs?.includes('agreementNHW') ? loadTeacher(run, { device }) : null;
  const folded = config.kernels === 'stock' ? null : foldBatchNorm(model);
  return {
    model: folded ?? model,
    pixelLoss: createComponent(losses, config.loss, { classCount }),
    confidence: createComponent(confidences, config.confidence, { classCount }),
    reweighter,
    teacher,
    // Measured in full precision on every machine, whatever the training ran with.
    inference: { ...inferenceOptions(config), device, precision: 'float32' },
    [Symbol.dispose]: () => {
      reweighter?.dispose();
      teacher?.dispose();
      folded?.[Symbol.dispose]();
    },
  };
}

/** Returns the moving average of a run's network, which the checkpoint holds beside the network or in its place. */
function loadTeacher(
  { config, classes, checkpoint }: LoadedRun,
  { device }: Pick<ModelWithObjectiveOptions, 'device'>,
): Segmentor {
  const teacher = loadModel(config, { weights: checkpoint, classCount: classes.length, device });
  try {
    using _read = scope();
    teacher.loadStateDict(checkpointPart(readSafetensors(checkpoint).tensors, 'teacher'), { strict: false });
    return teacher;
  } catch (error) {
    teacher.dispose();
    throw error;
  }
}

function loadReweighter(
  { config, classes, checkpoint }: LoadedRun,
  { device, datasetLength }: Required<ModelWithObjectiveOptions>,
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
