export { Arm, type ArmOptions } from './arm.js';
export { ClosedFormArm, type ClosedFormArmOptions } from './closed-form-arm.js';
export {
  type Confidence,
  type ConfidenceComponent,
  type ConfidenceContext,
  type ConfidenceOptions,
  confidences,
} from './confidence.js';
export { entropy } from './entropy.js';
export { FocalWeights, type FocalWeightsOptions } from './focal-weights.js';
export { GceWeights, type GceWeightsOptions } from './gce-weights.js';
export { klScale } from './kl-scale.js';
export { LinearArm, type LinearArmOptions } from './linear-arm.js';
export { logVariance } from './log-variance.js';
export { type NormOrder, normaliseWeights } from './normalise-weights.js';
export { Ohem, type OhemOptions, ohemPresets } from './ohem.js';
export { type ReweighterContext, reweighters } from './registry.js';
export type { AdversarialParameters, Reweighter, ReweighterInput, SampleOrigin } from './reweighter.js';
export { standardDeviation, variance } from './variance.js';
