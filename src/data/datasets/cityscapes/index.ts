export { type CityscapesOptions, cityscapesOptions } from './dataset.js';
export { cityscapesClasses } from './labels.js';
