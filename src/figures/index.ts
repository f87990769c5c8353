export {
  type ColorScale,
  colored,
  confidenceScale,
  gradientOf,
  weightScale,
} from './color-map.js';
export { type ComparedStatistics, divisionFigure, divisionSvg, finding } from './division-figure.js';
export type { Figure, FigureFile } from './figure.js';
export { type Inspection, type InspectOptions, inspectImage } from './inspect-image.js';
export { lossByConfidenceSvg, lossFigure } from './loss-figure.js';
export { lowConfidenceFigure, type PaintOptions, paintLowConfidence } from './low-confidence-figure.js';
export { type InspectedImage, mapsFigure } from './maps-figure.js';
export { measureStatistics } from './measure-statistics.js';
export { PixelCollector, type PixelSample, type PixelSource, pixelState } from './pixel-sample.js';
export {
  binCenter,
  binCount,
  binOf,
  type Division,
  type DivisionCell,
  type PixelStatistics,
  pixelStatistics,
  statisticsOf,
} from './pixel-statistics.js';
export { type Axis, drawPlot, type Frame, type Plot, type Series } from './plot/plot.js';
export { type DocumentOptions, svgDocument } from './plot/svg.js';
export { formatTick, niceRange, niceTicks } from './plot/ticks.js';
export {
  type RunStatistics,
  readRunStatistics,
  recordedRun,
  runLabels,
  type StatisticsMoment,
} from './run-statistics.js';
export { type Subject, type SubjectModel, type SubjectOptions, subjectOf } from './subject.js';
export { compareWithTheory, type TheoryCurve } from './theory.js';
export { type TheoryRun, theoryFigure, theoryRuns, theorySvg } from './theory-figure.js';
export { ChosenImages, type ChosenImagesOptions, type LabeledImage, spread } from './training-images.js';
export {
  type FigureKind,
  type FigureOptions,
  figureKinds,
  type WrittenFigure,
  writeFigure,
} from './write-figure.js';
