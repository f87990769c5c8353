/** Exports what other rooms of this package use and users do not need. */

export { withColors } from './datasets/classes.js';
export { predictionFormat } from './datasets/prediction-format.js';
export { imageExtensions, labelExtensions } from './files/folder-files.js';
export { hasImageEnd } from './files/image-end.js';
export { readImageSize } from './images/image-file.js';
export { type LabelSamples, readLabelHeader, readLabelSamples } from './images/label-file.js';
export { defaultPalette } from './images/palette.js';
export type { PngHeader } from './images/png-header.js';
export { scaledToFit } from './images/resize.js';
export { wholeShare } from './loader/share.js';
