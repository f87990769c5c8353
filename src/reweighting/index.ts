export { Arm, type ArmOptions } from './arm.js';
export {
  type Confidence,
  type ConfidenceContext,
  type ConfidenceOptions,
  confidences,
  standardDeviation,
  variance,
} from './confidence.js';
export { LinearArm, type LinearArmOptions } from './linear-arm.js';
export { type NormOrder, normaliseWeights } from './normalise-weights.js';
export { type ReweighterContext, reweighters } from './registry.js';
export type { AdversarialParameters, Reweighter, ReweighterInput } from './reweighter.js';
