export { type Inspection, type InspectOptions, inspectImage } from './inspect-image.js';
export { measureStatistics } from './measure-statistics.js';
export { PixelCollector, type PixelSample, type PixelSource, pixelState } from './pixel-sample.js';
export {
  binCentre,
  binCount,
  binOf,
  type Division,
  type DivisionCell,
  type PixelStatistics,
  pixelStatistics,
  statisticsOf,
} from './pixel-statistics.js';
export { type Subject, type SubjectModel, subjectOf } from './subject.js';
export { ChosenImages, type ChosenImagesOptions, type LabelledImage } from './training-images.js';
