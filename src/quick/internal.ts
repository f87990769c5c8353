/** Exports what other rooms of this package use and users do not need. */

export { featureCacheFolder, measureFeatureCache } from './cache-folder.js';
export { type FeatureMaps, openFeatureMaps } from './feature-maps.js';
export { standardizeHead } from './standardize-head.js';
