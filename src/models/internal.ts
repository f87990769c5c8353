/** Exports for the other rooms of this package; users do not need them. */

export {
  checkFoundTensors,
  listDifference,
  matchTensors,
  wrongShapeError,
} from './pretrained/match-tensors.js';
export {
  expectedNames,
  prefixNotice,
  type ReadWeightsOptions,
  readWeights,
  type WeightsFile,
} from './pretrained/read-weights.js';
