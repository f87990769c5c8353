export { type Augmentation, augmentationOptions } from './augment/augmentation.js';
export { ade20kClasses } from './datasets/ade20k/classes.js';
export type { Ade20kOptions } from './datasets/ade20k/dataset.js';
export type { CityscapesOptions } from './datasets/cityscapes/dataset.js';
export { cityscapesClasses } from './datasets/cityscapes/labels.js';
export { type ClassList, readClassList } from './datasets/classes.js';
export {
  type Color,
  type DatasetCheck,
  type DatasetClass,
  type DatasetComponent,
  type DatasetContext,
  type DatasetDescription,
  ignoreIndex,
  type OpenSample,
  type PredictionFormat,
  type Sample,
  type SegmentationDataset,
  type SharedFiles,
} from './datasets/dataset.js';
export type { FolderOptions } from './datasets/folder-dataset.js';
export { checkDataset, datasets, openDataset } from './datasets/registry.js';
export { type RgbImage, readImage } from './images/image-file.js';
export {
  colorLabels,
  overlayLabels,
  type PngContent,
  writeColorPng,
  writeLabelPng,
  writePaletteLabelPng,
} from './images/label-colors.js';
export { type LabelMap, readLabels } from './images/label-file.js';
export { imageDeviation, imageMean, normalizeImage } from './images/normalization.js';
export type { Size } from './images/region.js';
export { type Batch, BatchLoader, type BatchLoaderOptions, type BatchOrigin } from './loader/batch-loader.js';
export { RandomStream } from './loader/random.js';
export type { Share } from './loader/share.js';
