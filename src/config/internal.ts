/** Exports what other rooms of this package use and users do not need. */

export { withAbsolutePaths } from './absolute-paths.js';
export { checkTeacher } from './check-teacher.js';
export { checkCleanData, checkCorrection, cleanLearnerOf, learnsFromClean } from './clean-data.js';
export { configDifferences } from './config-difference.js';
export { imageReadingOf, normalizationOf } from './data-section.js';
export { checkExtraHeads, extraHeadsOf } from './extra-heads.js';
export { checkFill } from './fill-section.js';
export { withoutInitialWeights, withoutReplacedWeights } from './initial-weights.js';
export { keysWith } from './key-traits.js';
export { isSection, type Section } from './merge.js';
export { type ClassWeightsSection, checkObjective } from './objective-sections.js';
export { parseLayers } from './parse-config.js';
export { checkQuick, type QuickSection } from './quick-section.js';
export { reweighterSections } from './reweighter-sections.js';
export { parseSetOptions } from './set-option.js';
export { checkStopping } from './stopping-section.js';
export { storedConfig } from './stored-config.js';
export { checkTrustedLabels, mixesClean, openConfigPoints } from './trusted-labels.js';
export { withIterations } from './write-yaml.js';
