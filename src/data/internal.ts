/** Exports what other rooms of this package use and users do not need. */

export { defaultPalette, oneClassProblem, unlabeledLabel, withColors } from './classes.js';
export { cityscapesLabelNames, isUndrawn, trainIdOf } from './datasets/cityscapes/labels.js';
export { type PolygonFile, paintPolygon, readPolygonFile } from './datasets/cityscapes/polygon-file.js';
export {
  findPaletteConflict,
  groupByPalette,
  type PaletteConflict,
  type PaletteGroup,
} from './datasets/compare-palettes.js';
export { labelExtensions } from './datasets/folder.js';
export { predictionFormat } from './datasets/prediction-format.js';
export { type FileTree, listTree, nameInTree } from './files/file-tree.js';
export { findNaming, namingOptions, type PairNaming } from './files/find-naming.js';
export { isHidden } from './files/hidden.js';
export { leftOutText, unreadableFolder } from './files/list-files.js';
export { composedDifferently, composedNote } from './files/list-split.js';
export { imagePairs, PairTable } from './files/pair-table.js';
export { sampleStamps } from './files/sample-stamps.js';
export { type PngHeader, reachesEnd } from './images/file-ends.js';
export { type OpenImage, readImageHeader } from './images/image-file.js';
export { hasImageExtension, imageExtensions, imageFormatNames, unreadImage } from './images/image-formats.js';
export {
  channelsOption,
  exifOption,
  parseImageReading,
  rangeOption,
  rangeProblem,
} from './images/image-reading.js';
export { type LabelEncoding, shownColor } from './images/label-file.js';
export {
  decodeLabelSamples,
  type LabelSamples,
  readLabelHeader,
  readLabelSamples,
} from './images/label-samples.js';
export { largeImageSize, mostPixelsInMemory, openLargeImage } from './images/large-image.js';
export { type MeasuredImage, measureImage } from './images/measure-image.js';
export { normalizationOptions } from './images/normalization.js';
export { areSwapped, readOrientation, swapsSides, turnedNote } from './images/orientation.js';
export { scaledToFit } from './images/size.js';
export { imageClasses, keepImageClasses, keptImageClasses } from './loader/image-classes.js';
export { wholeShare } from './loader/share.js';
export { listNames, matchClasses } from './match-classes.js';
export { unknownPointSplit } from './points/point-labels.js';
