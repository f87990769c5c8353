/** Exports what other rooms of this package use and users do not need. */

export { resolvePrecision } from './create-training-components.js';
export { WaitMeter } from './wait-meter.js';
