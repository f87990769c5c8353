/** Lists the networks and crops of the step bench, and selects those that a command line asks for. */

import type { MobileNetKind, ResNetDepth } from 'coarsely/models';
import { BenchError } from '../support/bench.js';

/** Configures one case. Both programs read it as JSON, and so do the Python peers. */
export interface StepCase {
  readonly network: `resnet${ResNetDepth}` | MobileNetKind;
  /** Layers of a ResNet; null for a MobileNet. */
  readonly depth: ResNetDepth | null;
  readonly outputStride: 8 | 16;
  readonly classCount: number;
  readonly batchSize: number;
  readonly height: number;
  readonly width: number;
  readonly precision: 'float32' | 'bfloat16';
  readonly threads: number;
}

const r18 = { network: 'resnet18', depth: 18, outputStride: 16, classCount: 19 } as const;
const r50 = { network: 'resnet50', depth: 50, outputStride: 16, classCount: 19 } as const;
const mobileNet = { depth: null, outputStride: 16, classCount: 19 } as const;
const networks = [
  { ...r18, batchSize: 4, height: 256, width: 512 },
  { ...r50, batchSize: 2, height: 256, width: 512 },
  { ...r50, outputStride: 8, batchSize: 1, height: 512, width: 1024 },
  { ...r18, batchSize: 2, height: 512, width: 512, classCount: 150 },
  { ...mobileNet, network: 'mobilenet_v2', batchSize: 4, height: 256, width: 512 },
  { ...mobileNet, network: 'mobilenet_v3_large', batchSize: 4, height: 256, width: 512 },
] as const;
const precisions = ['float32', 'bfloat16'] as const;

/** Returns a name such as `resnet18 os 16, 4×3×256×512, 19 classes, float32`. */
export function nameOf({
  network,
  outputStride,
  batchSize,
  height,
  width,
  classCount,
  precision,
}: StepCase): string {
  return `${network} os ${outputStride}, ${batchSize}×3×${height}×${width}, ${classCount} classes, ${precision}`;
}

/**
 * Returns all cases, or those whose names hold every word of one of `wanted` (`resnet50 bfloat16`); quick ones are small.
 *
 * @throws {BenchError} when no case fits
 */
export function selectCases({
  wanted,
  quick,
  threads,
}: {
  readonly wanted: readonly string[];
  readonly quick: boolean;
  readonly threads: number;
}): StepCase[] {
  const words = wanted.map((each) => each.split(/\s+/).filter((word) => word !== ''));
  const cases = networks
    .flatMap((network) => precisions.map((precision): StepCase => ({ ...network, precision, threads })))
    .filter(
      (each) => words.length === 0 || words.some((all) => all.every((word) => nameOf(each).includes(word))),
    );
  if (cases.length === 0) throw new BenchError(`no case has all the words of: ${wanted.join('; ')}`);
  return quick ? cases.map((each) => ({ ...each, height: 64, width: 64 })) : cases;
}
