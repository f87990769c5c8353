export { type CandidatesOptions, candidates } from './candidates.js';
export { balancedClassWeights, labelWeights, rootBalancedClassWeights } from './class-weights.js';
export { type ConsistencyOptions, consistency } from './consistency.js';
export {
  crossEntropy,
  type SmoothedCrossEntropyOptions,
  smoothedCrossEntropy,
} from './cross-entropy.js';
export { type DiceOptions, dice } from './dice.js';
export { type FocalOptions, focal } from './focal.js';
export {
  type FusedConfidence,
  type FusedPixelLosses,
  type FusedPixelLossOptions,
  fusedPixelLoss,
} from './fused-pixel-loss.js';
export { type GatedCrfOptions, gatedCrf } from './gated-crf.js';
export { type GceOptions, gce } from './gce.js';
export { kl } from './kl.js';
export { type LovaszSoftmaxOptions, lovaszSoftmax } from './lovasz-softmax.js';
export type {
  FusedLoss,
  LossComponent,
  LossContext,
  PixelLoss,
  PixelLossOptions,
} from './pixel-loss.js';
export { type Reduction, reduceLosses } from './reduce.js';
export type { RegionLossNeed, RegionLossOptions } from './region-context.js';
export type { RegionLoss, RegionLossComponent, RelaxationContext } from './region-loss.js';
export { losses, regionLosses } from './registry.js';
export { type RelaxationOptions, relaxation } from './relaxation.js';
