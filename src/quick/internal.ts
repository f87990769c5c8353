/** Exports what other rooms of this package use and users do not need. */

export { featureCacheFolder, measureFeatureCache } from './cache-folder.js';
export { type FeatureMaps, openFeatureMaps } from './feature-maps.js';
export { headLikelihoods, pointLikelihoods } from './head-likelihoods.js';
export { checkHeadTraining, HeadTrainer, type HeadTraining } from './head-trainer.js';
export { spreadSubset } from './spread-subset.js';
