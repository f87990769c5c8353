export { type CoarsenFolderOptions, type CoarsenFolderResult, coarsenFolder } from './coarsen-folder.js';
export { type CoarsenOptions, type CoarsenParameters, coarsenLabels } from './coarsen-labels.js';
export type { ClassAgreement, LabelAgreement } from './label-agreement.js';
export {
  type DrawPointsOptions,
  drawPoints,
  type SimulatedPoints,
  type SimulatePointsOptions,
  simulatePoints,
} from './simulate-points.js';
