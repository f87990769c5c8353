/** Exports what other rooms of this package use and users do not need. */

export { candidateCenters, type EvidenceSource, openEvidence } from './evidence.js';
