// What the runs of a soak are: every loss with every reweighter, by both kinds of kernels and in both precisions. The order
// leaps through the combinations, so that neighbours differ in everything and any stretch of a dozen runs has seen each
// kind of part.

import { configSchema } from 'coarsely/config';
import { losses } from 'coarsely/losses';
import { reweighters } from 'coarsely/reweighting';

const dimensions = {
  loss: losses.kinds(),
  reweighter: [null, ...reweighters.kinds()],
  kernels: ['fused', 'stock'],
  precision: ['float32', 'bfloat16'],
};

/** How many combinations there are: after so many runs all have been. */
export const combinationCount = Object.values(dimensions).reduce((count, kinds) => count * kinds.length, 1);

const leap = coprimeNear(combinationCount * 0.382);

/** The parts of run `index`. */
export function combination(index) {
  let rest = (index * leap) % combinationCount;
  const chosen = {};
  for (const [name, kinds] of Object.entries(dimensions)) {
    chosen[name] = kinds[rest % kinds.length];
    rest = Math.floor(rest / kinds.length);
  }
  // What learns from clean labels before a step takes the whole batch at once.
  const accumulation = chosen.reweighter === 'meta-weight-net' ? 1 : (index % 2) + 1;
  return { ...chosen, workers: index % 3, accumulation, checkpoint: index % 5 === 0 };
}

export function soakConfig(
  root,
  { loss, reweighter, kernels, precision, workers, accumulation, checkpoint },
) {
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
      checkpoint,
    },
    loss: { kind: loss },
    reweighter: reweighter && { kind: reweighter },
    // Small enough for every combination to stay finite.
    optimizer: { learningRate: 1e-3, clipNorm: 5 },
    inference: { boundary: true },
    training: {
      iterations: 4,
      batchSize: 4,
      accumulation,
      evaluateEvery: 2,
      checkpointEvery: 2,
      logEvery: 1,
      statistics: { images: 2 },
    },
  });
}

function coprimeNear(wanted) {
  const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));
  let candidate = Math.max(1, Math.round(wanted));
  while (divisor(candidate, combinationCount) !== 1) candidate += 1;
  return candidate;
}
