export { crossEntropy } from './cross-entropy.js';
export { type FocalOptions, focal } from './focal.js';
export {
  type FusedConfidence,
  type FusedPixelLosses,
  type FusedPixelLossOptions,
  fusedPixelLoss,
} from './fused-pixel-loss.js';
export { type GceOptions, gce } from './gce.js';
export { kl } from './kl.js';
export type {
  FusedLoss,
  LossComponent,
  LossContext,
  PixelLoss,
  PixelLossOptions,
} from './pixel-loss.js';
export { type Reduction, reduceLosses } from './reduce.js';
export { losses } from './registry.js';
