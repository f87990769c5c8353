export { ChosenImages, type ChosenImagesOptions, type LabeledImage } from './chosen-images.js';
export { type ImageMaps, type MeasureImageOptions, measureImage } from './measure-image.js';
export { type MeasuredImage, measureRunImages } from './measure-run-images.js';
export { measureStatistics } from './measure-statistics.js';
export {
  type ModelWithObjective,
  type ModelWithObjectiveOptions,
  type MultiHeadModel,
  modelWithObjective,
} from './model-with-objective.js';
export { type RunStatistics, readRunStatistics, type StatisticsMoment } from './run-statistics.js';
export { compareWithTheory, type TheoryCurve } from './theory.js';
