export { ade20kClasses } from './classes.js';
export { type Ade20kOptions, ade20kOptions } from './dataset.js';
