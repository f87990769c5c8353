/** Exports what other rooms of this package use and users do not need. */

export { convolveNormalized } from './convolve-normalized.js';
export { FoldedConvolutions } from './folded-convolutions.js';
export { spatialSize } from './resize-bilinear.js';
