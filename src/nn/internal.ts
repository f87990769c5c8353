/** Exports for the other rooms of this package; users do not need them. */

export { convolveInvertedResidual } from './convolve-inverted-residual.js';
export { convolveNormalized, type NormalizedConvolution } from './convolve-normalized.js';
export {
  type FoldableConvolution,
  FoldedConvolutions,
  foldedConvolutions,
} from './folded-convolutions.js';
export { spatialSize } from './resize-bilinear.js';
export { resizeBilinearRows, resizedFrom } from './resize-bilinear-rows.js';
