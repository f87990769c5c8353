/** Exports what other rooms of this package use and users do not need. */

export { noSplit } from './folder-listing.js';
export { defaultSample } from './inspect-dataset.js';
