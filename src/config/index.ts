export { configSchema } from './built-in.js';
export { type CheckOptions, checkConfig, type DatasetChecker } from './check-config.js';
export { type CleanPart, type DatasetPart, type DatasetPartName, datasetSection } from './data-section.js';
export type { ConfigLayer } from './parse-config.js';
export { type NamedRecipe, type RecipeConfig, type ResolveOptions, resolveConfig } from './resolve-config.js';
export {
  type ComponentRegistries,
  type Config,
  type ConfigInput,
  type ConfigSchema,
  createConfigSchema,
} from './schema.js';
export { configToYaml } from './write-yaml.js';
