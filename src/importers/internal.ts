/** Exports for the other rooms of this package; users do not need them. */

export { recognizedFormats } from './recognize.js';
