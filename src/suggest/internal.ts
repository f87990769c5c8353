/** Exports what other rooms of this package use and users do not need. */

export { type CellsAround, candidateLabels, cellsAround } from './candidates.js';
export { candidateCenters, type Evidence, type EvidenceSource, openEvidence } from './evidence.js';
export { type LearnedDataset, learnDataset } from './learn-dataset.js';
