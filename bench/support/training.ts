/** Builds what benches train: DeepLabv3+ with its optimizer and reweighter, and batches without files. */

import { crossEntropy } from 'coarsely/losses';
import {
  DeepLabV3Plus,
  FcnHead,
  MobileNet,
  type MobileNetKind,
  ResNet,
  type ResNetDepth,
  Segmentor,
} from 'coarsely/models';
import { Sgd } from 'coarsely/optim';
import { type Arm, variance } from 'coarsely/reweighting';
import type { Generator } from 'coarsely/torch';
import type { TrainingBatch, TrainingComponents } from 'coarsely/training';

/** Creates DeepLabv3+ with an auxiliary head, as wide as the paper's for the deep networks, without dropout. */
export function createDeepLab({
  depth,
  network,
  outputStride,
  classCount,
  generator,
}: {
  /** Layers of a ResNet; null for the MobileNet that `network` names. */
  readonly depth: ResNetDepth | null;
  readonly network?: string;
  readonly outputStride: 8 | 16;
  readonly classCount: number;
  readonly generator: Generator;
}): Segmentor {
  const backbone =
    depth === null
      ? new MobileNet(network as MobileNetKind, { outputStride, generator })
      : new ResNet(depth, { outputStride, generator });
  const shared = { backbone, classCount, dropout: 0, generator };
  return new Segmentor({
    backbone,
    head: new DeepLabV3Plus({ ...shared, channels: depth !== null && depth >= 50 ? 512 : 256 }),
    auxiliary: new FcnHead(shared),
  });
}

/** Creates what `trainStep` trains with cross-entropy, reweighted by `arm` where it is given. */
export function createComponents(model: Segmentor, arm: Arm | null): TrainingComponents {
  return {
    model,
    optimizer: new Sgd([{ parameters: model.parameters() }, ...(arm ? [arm.adversarialParameters()] : [])], {
      learningRate: 1e-3,
    }),
    pixelLoss: crossEntropy,
    confidence: variance,
    reweighter: arm,
    reduction: 'valid',
    auxiliaryWeight: 0.4,
  };
}

/** Returns a batch of images and labels that are simple functions of the place. */
export function syntheticBatch({
  count,
  height,
  width,
  classCount,
}: {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly classCount: number;
}): TrainingBatch {
  const pixels = count * height * width;
  return {
    images: Float32Array.from({ length: 3 * pixels }, (_, place) => Math.sin(place / 7)),
    labels: Uint8Array.from({ length: pixels }, (_, place) => Math.floor(place / 37) % classCount),
    height,
    width,
  };
}
