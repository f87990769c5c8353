export { type ArmSection, type LinearArmSection, named, withArm, withLinearArm } from './combinators.js';
export { folderArm, folderCrossEntropy, folderLinearArm } from './folder.js';
export { type PaperConfigOptions, paperBackbone, paperConfig, testScales } from './paper/paper-config.js';
export {
  type CleanData,
  type MethodName,
  type MethodScale,
  type MethodSections,
  methodCleanData,
  methodSections,
  methodTitle,
} from './paper/paper-methods.js';
export {
  type BackboneRole,
  type PaperData,
  type PaperRun,
  paperRun,
  paperRunName,
} from './paper/paper-run.js';
export type { Recipe, RecipeOptions } from './recipe.js';
export { recipes } from './recipes.js';
export { sceneCounts, scenesArm, scenesCrossEntropy, scenesLinearArm, scenesRoot } from './scenes.js';
