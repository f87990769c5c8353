export { setDeterministic } from './determinism.js';
export type { Device, DType, MemoryFormat, TypedArray } from './dtype.js';
export {
  type Engine,
  engine,
  isAvailable,
  liveTensorCount,
  type Memory,
  memory,
  resetPeakMemory,
  setThreads,
  threads,
  trimMemory,
} from './engine.js';
export {
  arange,
  cat,
  empty,
  full,
  ones,
  type RandomOptions,
  rand,
  randn,
  stack,
  type TensorOptions,
  tensorFrom,
  tensorFromBytes,
  zeros,
} from './factories.js';
export { readSafetensors, type SafetensorsContents, writeSafetensors } from './files/safetensors.js';
export {
  type ReadStateDictOptions,
  readStateDict,
  type StateDictContents,
} from './files/state-dict.js';
export * as ops from './generated/ops.js';
export { Generator } from './generator.js';
export { type Kernels, withKernels } from './kernels.js';
export { type AutocastOptions, autocast, fullFloat32, noGrad } from './modes.js';
export { Scope, scope, tidy } from './scope.js';
export { Tensor } from './tensor.js';
export type { AlphaOption, ClampOptions, KeepDimOption, ToOptions } from './tensor-options.js';
export type { NestedNumbers } from './typed-arrays.js';
