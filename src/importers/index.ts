export type {
  AnnotatedImage,
  Annotation,
  ListedClass,
  RasterLabels,
  Shape,
} from './annotations.js';
export type { Importer, ImportFinding, ImportSource, OpenedSource, ReadOptions } from './importer.js';
export { importers } from './importers.js';
export { listSource } from './list-source.js';
export { type RecognizedSource, recognizeSource } from './recognize.js';
