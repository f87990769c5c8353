/** Exports what other rooms of this package use and users do not need. */

export { fitDecision, type GivenLabels } from './fitting-decisions.js';
export { type OrderedDecision, orderLines } from './order-lines.js';
export { canBeUnlabeled, type LabelForm } from './patch-label-file.js';
