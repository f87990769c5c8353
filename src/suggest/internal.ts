/** Exports what other rooms of this package use and users do not need. */

export { type CellsAround, cellsAround } from './candidates.js';
export { candidateCenters, openEvidence } from './evidence.js';
