/**
 * Lists the runs of a soak: every loss with every reweighter, by both kinds of kernels and in both precisions. The order
 * leaps through the combinations, so that neighbors differ in everything and any dozen consecutive runs have used each
 * kind of component.
 */

import { type Config, configSchema } from 'coarsely/config';
import { losses } from 'coarsely/losses';
import { reweighters } from 'coarsely/reweighting';

/** Holds the components of one run. */
export interface Combination {
  readonly loss: string;
  readonly reweighter: string | null;
  readonly kernels: 'fused' | 'stock';
  readonly precision: 'float32' | 'bfloat16';
  readonly workers: number;
  readonly accumulation: number;
  readonly checkpoint: boolean;
}

const dimensions = {
  loss: losses.kinds(),
  reweighter: [null, ...reweighters.kinds()],
  kernels: ['fused', 'stock'],
  precision: ['float32', 'bfloat16'],
} as const;

/** The number of combinations: after so many runs all have been seen. */
export const combinationCount = Object.values(dimensions).reduce((count, kinds) => count * kinds.length, 1);

/** Steps of about this share of the way around come back to no combination before all have been seen. */
const leap = findCoprimeNear(combinationCount * 0.382);

/** Returns the components of run `index`. */
export function combinationOf(index: number): Combination {
  let rest = (index * leap) % combinationCount;
  const choose = <Kind>(kinds: readonly Kind[]): Kind => {
    const kind = kinds[rest % kinds.length] as Kind;
    rest = Math.floor(rest / kinds.length);
    return kind;
  };
  const loss = choose(dimensions.loss);
  const reweighter = choose(dimensions.reweighter);
  return {
    loss,
    reweighter,
    kernels: choose(dimensions.kernels),
    precision: choose(dimensions.precision),
    workers: index % 3,
    // A reweighter that learns from clean labels before a step needs the whole batch at once.
    accumulation: reweighter === 'meta-weight-net' ? 1 : (index % 2) + 1,
    checkpoint: index % 5 === 0,
  };
}

export function createConfig(root: string, combination: Combination): Config {
  const { loss, reweighter, kernels, precision, workers, accumulation, checkpoint } = combination;
  return configSchema.parse({
    name: 'soak',
    threads: 1,
    precision,
    kernels,
    data: {
      root,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      clean: { split: 'train', labels: 'fine', count: 2 },
      augmentation: { cropSize: [48, 64] },
      workers,
    },
    model: {
      backbone: { kind: 'resnet18' },
      head: { kind: 'deeplabv3plus', channels: 32 },
      auxiliary: { channels: 32 },
      activationCheckpointing: checkpoint,
    },
    loss: { kind: loss },
    reweighter: reweighter && { kind: reweighter },
    // Small enough for every combination to stay finite.
    optimizer: { learningRate: 1e-3, clipNorm: 5 },
    inference: { boundary: true },
    training: {
      iterations: 4,
      batchSize: 4,
      gradientAccumulationSteps: accumulation,
      evaluateEvery: 2,
      checkpointEvery: 2,
      logEvery: 1,
      statistics: { images: 2 },
    },
  });
}

function findCoprimeNear(wanted: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let candidate = Math.max(1, Math.round(wanted));
  while (divisor(candidate, combinationCount) !== 1) candidate += 1;
  return candidate;
}
