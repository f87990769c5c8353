/** Exports for the other rooms of this package; users do not need them. */

export { drawOrders } from './draw-annotations.js';
export { recognizedFormats } from './recognize.js';
