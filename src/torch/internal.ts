/** Exports what other rooms of this package use and users do not need. */

export { afterBackward, backwardTogether } from './backward.js';
export { isFloatingPoint } from './dtype.js';
export { type ImageKernels, imageKernels } from './image-kernels.js';
export { currentModes, isRecording, kernels } from './modes.js';
export { native } from './native.js';
export { setOperatorPhase, startOperatorTimes, stopOperatorTimes } from './operator-times.js';
export { rejectPromise } from './scope.js';
export { release, wrap } from './tensor.js';
