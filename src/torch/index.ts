export { afterBackward, backwardTogether } from './backward.js';
export { setDeterministic } from './determinism.js';
export {
  type Device,
  type DType,
  elementSize,
  isFloatingPoint,
  type MemoryFormat,
  type TypedArray,
} from './dtype.js';
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
export {
  readSafetensors,
  readStateDict,
  type SafetensorsContents,
  type StateDictContents,
  writeSafetensors,
} from './files/index.js';
export * as ops from './generated/ops.js';
export { Generator } from './generator.js';
export { type ImageKernels, imageKernels, type PngForm } from './image-kernels.js';
export {
  type AutocastOptions,
  autocast,
  currentModes,
  fullFloat32,
  isRecording,
  type Kernels,
  kernels,
  noGrad,
  withKernels,
} from './modes.js';
export { engineBuild, type Handle, native } from './native.js';
export {
  type OperatorTime,
  setOperatorPhase,
  startOperatorTimes,
  stopOperatorTimes,
} from './operator-times.js';
export { rejectPromise, Scope, scope, tidy } from './scope.js';
export {
  type ClampOptions,
  type KeepDimOption,
  release,
  Tensor,
  type ToOptions,
  wrap,
} from './tensor.js';
export type { NestedNumbers } from './typed-arrays.js';
