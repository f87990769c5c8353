/** Exports what other rooms of this package use and users do not need. */

export { featureCacheFolder, measureFeatureCache } from './cache-folder.js';
export {
  type FeatureMaps,
  type FeatureMapsOptions,
  openFeatureMaps,
  type StackedFeatures,
} from './feature-maps.js';
