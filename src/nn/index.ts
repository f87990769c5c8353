export type { Activation } from './activation.js';
export {
  type ActivationCheckpointOptions,
  activationCheckpoint,
  activationCheckpointing,
} from './activation-checkpointing.js';
export { BatchNorm2d, type BatchNorm2dOptions, synchronizeBatchNorm } from './batch-norm2d.js';
export { Conv2d, type Conv2dOptions } from './conv2d.js';
export { Dropout, Dropout2d, type DropoutOptions } from './dropout.js';
export type { Epilogue } from './epilogue.js';
export {
  constant,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
} from './initializers.js';
export { Module, type PlacementOptions, type StateDictDifference } from './module.js';
export { Buffer, Parameter } from './parameter.js';
export {
  AdaptiveAveragePool2d,
  AveragePool2d,
  type AveragePool2dOptions,
  globalAveragePool,
  MaxPool2d,
  type MaxPool2dOptions,
} from './pooling.js';
export { type ResizeOptions, resizeBilinear } from './resize-bilinear.js';
export { type Layer, type LayerOrFunction, Sequential } from './sequential.js';
