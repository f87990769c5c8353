export { crossEntropy, expectLabels } from './cross-entropy.js';
export type { PixelLoss, PixelLossOptions } from './pixel-loss.js';
export { type Reduction, reduceLosses } from './reduce.js';
export { type LossComponent, type LossContext, losses } from './registry.js';
