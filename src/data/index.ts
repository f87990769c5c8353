export { type Augmentation, augmentationOptions } from './augment/augmentation.js';
export {
  type DeformLabelsOptions,
  deformLabels,
  type LabelDeformation,
} from './augment/label-deformation.js';
export { type ClassList, type Color, type DatasetClass, ignoreIndex } from './classes.js';
export { ade20kClasses } from './datasets/ade20k/classes.js';
export { type AlignClassesOptions, alignClasses, type PredictedClasses } from './datasets/align-classes.js';
export { cityscapesClasses } from './datasets/cityscapes/labels.js';
export { readClassList } from './datasets/class-list.js';
export type {
  DatasetCheck,
  DatasetComponent,
  DatasetContext,
  OpenSample,
  PredictionFormat,
  Sample,
  SegmentationDataset,
} from './datasets/dataset.js';
export { checkDataset, datasets, openDataset } from './datasets/registry.js';
export type { SharedFiles } from './files/pair-table.js';
export { type RgbImage, type RowRange, readImage } from './images/image-file.js';
export type { ImageReading, ValueRange } from './images/image-reading.js';
export { encodeLabelPng, type LabelMap, readLabels } from './images/label-file.js';
export { imageNetNormalization, type Normalization, normalizeImage } from './images/normalization.js';
export { overlayLabels } from './images/overlay-labels.js';
export type { Size } from './images/size.js';
export { visibleColors } from './images/visible-colors.js';
export { type Batch, BatchLoader, type BatchLoaderOptions, type BatchOrigin } from './loader/batch-loader.js';
export type { Sampling } from './loader/create-sampler.js';
export type { Share } from './loader/share.js';
export { type PlacePointsOptions, placePoints } from './points/place-points.js';
export { type PointDataset, pointDataset } from './points/point-dataset.js';
export {
  formatPointFile,
  type LabeledPoint,
  type PointFile,
  readPointFile,
} from './points/point-file.js';
export {
  countPoints,
  type ImagePoints,
  openPoints,
  type PointLabels,
  type PointsPlace,
} from './points/point-labels.js';
export { withoutPoints } from './points/without-points.js';
export { RandomStream } from './random.js';
