/** Exports what other rooms of this package use and users do not need. */

export { divisionSvg } from './division-figure.js';
export { lossByConfidenceSvg } from './loss-figure.js';
export { paintLowConfidence } from './low-confidence-figure.js';
export {
  type ColorScale,
  confidenceScale,
  cssColor,
  cssGradient,
  darkColors,
  lightColors,
  type PageColors,
  seriesColor,
  seriesPlace,
  weightScale,
} from './palette.js';
export { drawPlot, type Series } from './plot/plot.js';
export { svgDocument } from './plot/svg.js';
export { classPixels, mapPixels, type NumberColors, picture } from './raster.js';
export { theoryRuns, theorySvg } from './theory-figure.js';
