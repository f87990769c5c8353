/** Exports for the other rooms of this package; users do not need them. */

export { ExtraHeads } from './extra-heads.js';
export { tapChannels, tapsOf } from './feature-taps.js';
export {
  checkFoundTensors,
  matchTensors,
} from './pretrained/match-tensors.js';
export {
  expectedNames,
  prefixNotice,
  readWeights,
} from './pretrained/read-weights.js';
