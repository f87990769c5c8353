/** Exports what other rooms of this package use and users do not need. */

export { candidateCenters, openEvidence } from './evidence.js';
