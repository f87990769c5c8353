/** Exports what other rooms of this package use and users do not need. */

export { defaultPalette, withColors } from './classes.js';
export { imageExtensions, labelExtensions } from './datasets/folder.js';
export { predictionFormat } from './datasets/prediction-format.js';
export { type PngHeader, reachesEnd } from './images/file-ends.js';
export { readImageSize } from './images/image-file.js';
export { type LabelSamples, readLabelHeader, readLabelSamples } from './images/label-file.js';
export { scaledToFit } from './images/size.js';
export { wholeShare } from './loader/share.js';
export { type ClassMatch, listNames, matchClasses } from './match-classes.js';
