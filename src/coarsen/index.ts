export { type CoarsenFolderOptions, type CoarsenFolderResult, coarsenFolder } from './coarsen-folder.js';
export { type CoarsenOptions, type CoarsenParameters, coarsenLabels } from './coarsen-labels.js';
export {
  type ErrorParameters,
  type InjectErrorsOptions,
  type InjectedError,
  injectErrors,
  type LabelErrorKind,
  type LabelsWithErrors,
} from './inject-errors.js';
export {
  type InjectFolderOptions,
  type InjectFolderResult,
  injectErrorsIntoFolder,
} from './inject-folder.js';
export type { ClassAgreement, LabelAgreement } from './label-agreement.js';
export type { LabelFolderOptions } from './label-folder.js';
export {
  type DrawPointsOptions,
  drawPoints,
  type SimulatedPoints,
  type SimulatePointsOptions,
  simulatePoints,
} from './simulate-points.js';
