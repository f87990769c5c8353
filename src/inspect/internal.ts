/** Exports what other rooms of this package use and users do not need. */

export { defaultSample } from './inspect-dataset.js';
