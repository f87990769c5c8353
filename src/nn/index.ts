export { BatchNorm2d, type BatchNorm2dOptions } from './batch-norm2d.js';
export { type CheckpointOptions, Checkpoints, checkpoint, checkpoints, type Stage } from './checkpoint.js';
export { Conv2d, type Conv2dOptions } from './conv2d.js';
export { Dropout, Dropout2d, type DropoutOptions } from './dropout.js';
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
export { relu } from './relu.js';
export { resizeBilinear } from './resize-bilinear.js';
export { type Layer, type LayerOrFunction, Sequential } from './sequential.js';
export { synchronizeBatchNorm } from './synchronize-batch-norm.js';
