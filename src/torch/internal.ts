/** Exports for the other rooms of this package; users do not need them. */

export { afterBackward, backwardTogether } from './backward.js';
export * as collectives from './collectives.js';
export { isFloatingPoint } from './dtype.js';
export { readSafetensorsMetadata } from './files/safetensors.js';
export * as constants from './generated/constants.js';
export { GradientReducer } from './gradient-reducer.js';
export { type ImageKernels, imageKernels, requireImageKernels } from './image-kernels.js';
export { type KernelChoice, kernels, selectKernel } from './kernels.js';
export { currentModes, isRecording } from './modes.js';
export { setOperatorPhase, startOperatorTimes, stopOperatorTimes } from './operator-times.js';
export { type Precision, resolvePrecision, resolveThreads } from './resolve-settings.js';
export { freeOnThrow, rejectPromise } from './scope.js';
export { shareHandle, takeHandle } from './tensor.js';
