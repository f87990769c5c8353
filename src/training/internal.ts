/** Exports what other rooms of this package use and users do not need. */

export { learnFromClean } from './learn-from-clean.js';
export { MovingAverage, type MovingAverageOptions } from './moving-average.js';
export { anyNeeds, relaxedPixels } from './region-losses.js';
export { trustedCount } from './trusted-count.js';
export { WaitMeter } from './wait-meter.js';
