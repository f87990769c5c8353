export { ConfigError } from '../errors/index.js';
export { Registry } from '../registry/index.js';
export { withAbsolutePaths } from './absolute-paths.js';
export { configSchema } from './built-in.js';
export { type CheckOptions, checkConfig, type DatasetChecker } from './check-config.js';
export { checkCleanData, learnsFromClean } from './clean-data.js';
export { type CleanPart, type DatasetPart, type DatasetPartName, datasetSection } from './data-section.js';
export { checkExtraHeads, extraHeadsOf } from './extra-heads.js';
export { mergeSections } from './merge.js';
export { type ConfigLayer, parseLayers } from './parse-config.js';
export { type NamedRecipe, type RecipeConfig, type ResolveOptions, resolveConfig } from './resolve-config.js';
export {
  type ComponentRegistries,
  type ComponentSection,
  type Config,
  type ConfigInput,
  type ConfigSchema,
  createConfigSchema,
} from './schema.js';
export { configToYaml } from './write-yaml.js';
