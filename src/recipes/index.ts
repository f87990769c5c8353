export { type ArmSection, type LinearArmSection, named, withArm, withLinearArm } from './combinators.js';
export { folderArm, folderCrossEntropy, folderLinearArm } from './folder.js';
export type { Recipe, RecipeOptions } from './recipe.js';
export { recipes } from './recipes.js';
export { sceneCounts, scenesArm, scenesCrossEntropy, scenesLinearArm, scenesRoot } from './scenes.js';
