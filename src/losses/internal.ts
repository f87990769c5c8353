/** Exports what other rooms of this package use and users do not need. */

export { expectLogScale, logScaleHead, logScaleRange } from './kl.js';
export { ignoreIndex } from './pixel-loss.js';
