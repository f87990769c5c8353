export { coarse, coarseFineTune, coarsePoints } from './coarse.js';
export {
  type AgreementSection,
  type ArmSection,
  type CorrectionSection,
  type LinearArmSection,
  named,
  type TrimSection,
  withAgreement,
  withArm,
  withCorrection,
  withLinearArm,
  withTrim,
} from './combinators.js';
export { folderArm, folderCrossEntropy, folderLinearArm } from './folder.js';
export {
  folderFineTune,
  folderFineTuneAgreement,
  folderFineTuneArm,
  folderFineTuneLinearArm,
} from './folder-finetune.js';
export {
  folderMobileNetArm,
  folderMobileNetCrossEntropy,
  folderMobileNetLinearArm,
} from './folder-mobilenet.js';
export { quickAgreement, quickArm, quickCrossEntropy, quickLinearArm } from './quick.js';
export type { Recipe, RecipeOptions } from './recipe.js';
export { recipes } from './recipes.js';
export { scenesArm, scenesCrossEntropy, scenesLinearArm, scenesQuick, scenesQuickArm } from './scenes.js';
