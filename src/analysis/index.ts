export { type Inspection, type InspectOptions, inspectImage } from './inspect-image.js';
export { measureStatistics } from './measure-statistics.js';
export { type RunStatistics, readRunStatistics, type StatisticsMoment } from './run-statistics.js';
export { type Subject, type SubjectModel, type SubjectOptions, subjectOf } from './subject.js';
export { compareWithTheory, type TheoryCurve } from './theory.js';
export { ChosenImages, type ChosenImagesOptions, type LabeledImage } from './training-images.js';
