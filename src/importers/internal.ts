/** Exports for the other rooms of this package; users do not need them. */

export { classesText } from './classes-text.js';
export { pointsFolder } from './dataset/write-images.js';
export { recognizedFormats } from './recognize.js';
