/** Exports what other rooms of this package use and users do not need. */

export { type ColorScale, colored, confidenceScale, gradientOf, weightScale } from './color-map.js';
export { divisionSvg } from './division-figure.js';
export { lossByConfidenceSvg } from './loss-figure.js';
export { paintLowConfidence } from './low-confidence-figure.js';
export { theoryRuns, theorySvg } from './theory-figure.js';
