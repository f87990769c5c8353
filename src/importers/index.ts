export type {
  AnnotatedImage,
  Annotation,
  ListedClass,
  RasterLabels,
  Shape,
} from './annotations.js';
export type { WithoutLabels } from './dataset/choose-images.js';
export type { CountedFinding } from './dataset/finding-tally.js';
export type { Grouping } from './dataset/frame-groups.js';
export type { UnlabeledPixels } from './dataset/resolve-classes.js';
export type { DrawOrder } from './draw-annotations.js';
export { importDataset } from './import-dataset.js';
export type { ImportOptions, ImportProgress } from './import-options.js';
export type { ImportedClass, ImportedSplit, ImportSummary } from './import-summary.js';
export type { Importer, ImportFinding, ImportSource, OpenedSource, ReadOptions } from './importer.js';
export { importers } from './importers.js';
export { listSource } from './list-source.js';
export { type RecognizedSource, recognizeSource } from './recognize.js';
