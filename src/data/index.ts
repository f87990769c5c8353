export { type Ade20kOptions, ade20kClasses, ade20kOptions } from './ade20k/index.js';
export {
  type AugmentationDraw,
  type AugmentedOutput,
  applyAugmentation,
  augmentSample,
  drawAugmentation,
  type RowRange,
  rowsShown,
  type SampleWindow,
} from './augment-sample.js';
export { type Augmentation, augmentationOptions } from './augmentation.js';
export { type Batch, BatchLoader, type BatchLoaderOptions, type BatchOrigin } from './batch-loader.js';
export { type CityscapesOptions, cityscapesClasses, cityscapesOptions } from './cityscapes/index.js';
export { type ClassList, readClassList } from './classes.js';
export * from './coarsen/index.js';
export { chooseCrop } from './crop-window.js';
export {
  type Color,
  checkDataset,
  type DatasetCheck,
  type DatasetClass,
  type DatasetComponent,
  type DatasetDescription,
  datasets,
  ignoreIndex,
  type OpenSample,
  openDataset,
  type PredictionFormat,
  type Sample,
  type SegmentationDataset,
  type SharedFiles,
} from './dataset.js';
export * from './doctor/index.js';
export { type FolderOptions, folderOptions } from './folder-dataset.js';
export { type RgbImage, readImage, readImageSize } from './image-file.js';
export {
  colorLabels,
  overlayLabels,
  type PngContent,
  writeColorPng,
  writeLabelPng,
  writePaletteLabelPng,
} from './label-colors.js';
export { type LabelMap, readLabels } from './label-file.js';
export { listingCacheFolder } from './listing-cache.js';
export { imageDeviation, imageMean, normalizeImage } from './normalization.js';
export { defaultPalette } from './palette.js';
export { changeHsv, distortColors, linearTable } from './photometric-distortion.js';
export { predictionFormat } from './prediction-format.js';
export { philox, RandomStream } from './random.js';
export type { CropWindow, ResizedRegion, Size } from './region.js';
export { resizeImageRegion, resizeLabelRegion, scaledToFit } from './resize.js';
export { augmentationRandom, type SampledPlace, Sampler } from './sampler.js';
export * from './scenes/index.js';
export { indicesOf, placesOf, type Share, wholeShare } from './share.js';
export { validateDataset } from './validate-dataset.js';
