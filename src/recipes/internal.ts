/** Exports what other rooms of this package use and users do not need. */

export { paperBackbone, paperConfig, testScales } from './paper/paper-config.js';
export { type MethodName, methodCleanData, methodSections, needsQuick } from './paper/paper-methods.js';
export {
  type AdditionalLabels,
  additionalNames,
  type BackboneRole,
  type PaperData,
  type PaperRun,
  paperRun,
  paperRunName,
} from './paper/paper-run.js';
export { sceneCounts } from './scenes.js';
