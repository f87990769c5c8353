/** Exports for the other rooms of this package; users do not need them. */

export { labelCorrectionSection } from './label-correction.js';
export { type NamedReweighter, namedReweighters } from './named-reweighters.js';
