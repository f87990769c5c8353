/** Exports what other rooms of this package use and users do not need. */

export { defaultPalette, withColors } from './classes.js';
export { labelExtensions } from './datasets/folder.js';
export { predictionFormat } from './datasets/prediction-format.js';
export { sampleStamps } from './files/sample-stamps.js';
export { type PngHeader, reachesEnd } from './images/file-ends.js';
export { type OpenImage, readImageHeader, readImageSize } from './images/image-file.js';
export { hasImageExtension, imageExtensions, imageFormatNames, unreadImage } from './images/image-formats.js';
export { channelsOption, rangeOption, rangeProblem } from './images/image-reading.js';
export { type LabelSamples, readLabelHeader, readLabelSamples } from './images/label-file.js';
export { type LargeImage, largeImageSize, mostPixelsInMemory, openLargeImage } from './images/large-image.js';
export { normalizationOptions } from './images/normalization.js';
export { scaledToFit } from './images/size.js';
export { wholeShare } from './loader/share.js';
export { type ClassMatch, listNames, matchClasses } from './match-classes.js';
