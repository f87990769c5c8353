export { ActiveBias, type ActiveBiasOptions } from './active-bias.js';
export { agreement } from './agreement.js';
export { Arm, type ArmOptions } from './arm.js';
export type { CleanLearner, CleanStep } from './clean-learner.js';
export { ClosedFormArm, type ClosedFormArmOptions } from './closed-form-arm.js';
export {
  type Confidence,
  type ConfidenceComponent,
  type ConfidenceContext,
  type ConfidenceDescription,
  type ConfidenceOptions,
  defineConfidence,
  indicate,
} from './confidence.js';
export { confidences } from './confidences.js';
export { entropy } from './entropy.js';
export { FocalWeights, type FocalWeightsOptions } from './focal-weights.js';
export { GceWeights, type GceWeightsOptions } from './gce-weights.js';
export { klScale } from './kl-scale.js';
export {
  LabelCorrection,
  type LabelCorrectionInput,
  type LabelCorrectionOptions,
} from './label-correction.js';
export { LinearArm, type LinearArmOptions } from './linear-arm.js';
export { logVariance } from './log-variance.js';
export { MetaWeightNet, type MetaWeightNetOptions } from './meta-weight-net.js';
export { type NormOrder, normalizeWeights } from './normalize-weights.js';
export { Ohem, type OhemOptions } from './ohem.js';
export type {
  AdversarialParameters,
  CurveOptions,
  PartWeigher,
  Reweighter,
  ReweighterComponent,
  ReweighterContext,
  ReweighterInput,
  SampleOrigin,
} from './reweighter.js';
export { reweighters } from './reweighters.js';
export { Trim, type TrimOptions } from './trim.js';
export { standardDeviation, variance } from './variance.js';
