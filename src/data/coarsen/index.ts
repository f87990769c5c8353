export {
  type CoarsenFolderOptions,
  type CoarsenFolderResult,
  coarsenFolder,
} from './coarsen-folder.js';
export {
  type CoarsenOptions,
  type CoarsenParameters,
  coarsenDefaults,
  coarsenLabels,
} from './coarsen-labels.js';
export {
  AgreementCounter,
  type ClassAgreement,
  formatAgreement,
  type LabelAgreement,
} from './label-agreement.js';
