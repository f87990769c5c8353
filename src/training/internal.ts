/** Exports what other rooms of this package use and users do not need. */

export { WaitMeter } from './wait-meter.js';
