/** Exports for the other rooms of this package; users do not need them. */

export { ExtraHeads } from './extra-heads.js';
export { tapChannels, tapsOf } from './feature-taps.js';
export { fetchWeightsOf } from './imagenet/fetch-weights.js';
export { findWeights, weightsFolder } from './imagenet/find-weights.js';
export { publishedFileOf, wantsImageNet } from './imagenet/imagenet-option.js';
export { publishedFiles } from './imagenet/published-files.js';
export {
  checkFoundTensors,
  matchTensors,
} from './pretrained/match-tensors.js';
export {
  expectedNames,
  prefixNotice,
  readWeights,
} from './pretrained/read-weights.js';
