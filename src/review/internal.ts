/** Exports what other rooms of this package use and users do not need. */

export { fitDecision } from './fitting-decisions.js';
export { orderLines } from './order-lines.js';
export { canBeUnlabeled, type LabelForm } from './patch-label-file.js';
