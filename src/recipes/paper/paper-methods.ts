/**
 * Defines the compared methods by the sections of a config that they change against plain cross-entropy. Two numbers
 * depend on the size of an experiment and come from its scale.
 */

import type { RecipeConfig } from '../../config/index.js';
import { coarse } from '../coarse.js';

/** Holds the sections of a config that make a method. */
export type MethodSections = Pick<
  RecipeConfig,
  'loss' | 'confidence' | 'reweighter' | 'teacher' | 'regionLosses' | 'correction' | 'fill' | 'quick'
>;

/** Describes the part of a dataset with clean labels, from which some methods learn. */
export interface CleanData {
  readonly split: string;
  readonly labels: string;
  readonly count: number;
}

/** Holds the numbers of methods that depend on the size of an experiment. */
export interface MethodScale {
  /** Multiplies ARM's learning rate; 1 is the paper's. */
  readonly armLearningRateScale: number;
  /** Says how ARM climbs; by default as the reweighter does. */
  readonly armUpdate?: 'maximize' | 'negative-rate';
  /** Sets how many pixels of a whole batch OHEM keeps at least, over all processes. */
  readonly ohemMinKept: number;
}

interface Method {
  /** Names the method in a description. */
  readonly title: string;
  readonly sections: (scale: MethodScale) => MethodSections;
  /** Describes the clean labels that the method learns from. */
  readonly clean?: CleanData;
  /** Is true where rounds of quick training prepare the labels. */
  readonly quickOnly?: boolean;
}

const arm = (
  { armLearningRateScale: learningRateScale, armUpdate: update }: MethodScale,
  p: 1 | 2 | 3 = 2,
): MethodSections => ({
  reweighter: { kind: 'arm', p, learningRateScale, ...(update && { update }) },
});

/** Returns W(v) = slope · v + 0.5: a slope of −0.5 suppresses confident pixels, +0.5 focuses on them (section 4.3). */
const linearArm = (slope: number): MethodSections => ({
  reweighter: { kind: 'linear-arm', slope, intercept: 0.5 },
});

/** Returns a form of ARM that also reads whether a moving average of the network agrees with the label. */
const withAgreement = (kind: string) => ({
  teacher: {},
  reweighter: { kind, inputs: ['variance', 'agreement'] },
});

/** Holds the q that the paper's grid search found (section 4.3). */
const gceExponent = 0.1;

const methods = {
  'cross-entropy': { title: 'plain cross-entropy', sections: () => ({}) },
  arm: { title: 'ARM', sections: (scale) => arm(scale) },
  'linear-arm': { title: 'Linear ARM, suppressing confident pixels', sections: () => linearArm(-0.5) },
  'linear-arm-focusing': {
    title: 'Linear ARM, focusing on confident pixels',
    sections: () => linearArm(0.5),
  },
  'linear-arm-attached': {
    title: 'Linear ARM, the gradient of the weights reaching the network',
    sections: () => ({ ...linearArm(-0.5), confidence: { kind: 'variance', detach: false } }),
  },
  'arm-p1': { title: 'ARM constrained by the L1 norm', sections: (scale) => arm(scale, 1) },
  'arm-p3': { title: 'ARM constrained by the L3 norm', sections: (scale) => arm(scale, 3) },
  'arm-std': {
    title: 'ARM on the standard deviation',
    sections: (scale) => ({ ...arm(scale), confidence: { kind: 'std' } }),
  },
  'arm-log-variance': {
    title: 'ARM on the logarithm of the variance',
    sections: (scale) => ({ ...arm(scale), confidence: { kind: 'log-variance' } }),
  },
  'arm-entropy': {
    title: 'ARM on the entropy',
    sections: (scale) => ({ ...arm(scale), confidence: { kind: 'entropy' } }),
  },
  ohem: {
    title: 'OHEM',
    sections: ({ ohemMinKept: minKept }) => ({ reweighter: { kind: 'ohem', threshold: 0.7, minKept } }),
  },
  kl: { title: 'KL loss', sections: () => ({ loss: { kind: 'kl' } }) },
  gce: { title: 'generalized cross-entropy', sections: () => ({ loss: { kind: 'gce', q: gceExponent } }) },
  'kl-arm': {
    title: 'KL loss, ARM on its scale',
    sections: (scale) => ({ ...arm(scale), loss: { kind: 'kl' }, confidence: { kind: 'kl-scale' } }),
  },
  'gce-arm': {
    title: 'generalized cross-entropy, ARM',
    sections: (scale) => ({ ...arm(scale), loss: { kind: 'gce', q: gceExponent } }),
  },
  'closed-form-arm': {
    title: 'the weights that ARM converges to, computed instead of learned',
    sections: () => ({ reweighter: { kind: 'closed-form-arm' } }),
  },
  trim: {
    title: 'the 5 % highest losses of each class left out',
    sections: () => ({ reweighter: { kind: 'trim', share: 0.05 } }),
  },
  'trim-10': {
    title: 'the 10 % highest losses of each class left out',
    sections: () => ({ reweighter: { kind: 'trim', share: 0.1 } }),
  },
  'trim-arm': {
    title: 'the 5 % highest losses of each class left out, ARM on the rest',
    sections: (scale) => ({ reweighter: { kind: 'trim', share: 0.05, reweighter: arm(scale).reweighter } }),
  },
  correction: {
    title: 'labels corrected where the network is sure of another class, once a class is learned',
    sections: () => ({ correction: {} }),
  },
  fill: {
    title: 'the recipe coarse: trimmed, and what labels leave open filled in two rounds',
    sections: () => {
      const { reweighter, fill, quick } = coarse();
      return {
        ...(reweighter && { reweighter }),
        ...(fill && { fill }),
        ...(quick && { quick }),
      };
    },
    quickOnly: true,
  },
  agreement: {
    title: 'the closed form of ARM over confidence and agreement with a moving average',
    sections: () => withAgreement('closed-form-arm'),
  },
  'agreement-arm': {
    title: 'ARM over confidence and agreement with a moving average',
    sections: (scale) => {
      const { reweighter } = arm(scale);
      return { ...withAgreement('arm'), reweighter: { ...reweighter, ...withAgreement('arm').reweighter } };
    },
  },
  'agreement-linear-arm': {
    title: 'Linear ARM, discounted where a moving average denies the label',
    sections: () => withAgreement('linear-arm'),
  },
  candidates: {
    title: 'unlabeled pixels show a class of their image',
    sections: () => ({ regionLosses: [{ kind: 'candidates', weight: 0.1 }] }),
  },
  consistency: {
    title: 'unlabeled pixels learn what a moving average is sure of',
    sections: () => ({ teacher: {}, regionLosses: [{ kind: 'consistency' }] }),
  },
  relaxation: {
    title: 'labels at drawn borders are relaxed',
    sections: () => ({ regionLosses: [{ kind: 'relaxation' }] }),
  },
  'gated-crf': {
    title: 'near unlabeled pixels of one color have one class',
    sections: () => ({ regionLosses: [{ kind: 'gated-crf', weight: 0.01 }] }),
  },
  'focal-loss': { title: 'focal loss', sections: () => ({ loss: { kind: 'focal', gamma: 2 } }) },
  'focal-weights': { title: 'focal weights', sections: () => ({ reweighter: { kind: 'focal', gamma: 2 } }) },
  'gce-weights': {
    title: "weights with generalized cross-entropy's gradient",
    sections: () => ({ reweighter: { kind: 'gce', q: gceExponent } }),
  },
  'active-bias': { title: 'Active Bias', sections: () => ({ reweighter: { kind: 'active-bias' } }) },
  'meta-weight-net': {
    title: 'Meta-Weight-Net, which learns from a few clean labels',
    sections: () => ({ reweighter: { kind: 'meta-weight-net' } }),
    clean: { split: 'train', labels: 'fine', count: 20 },
  },
} satisfies Record<string, Method>;

/** Names a compared method. */
export type MethodName = keyof typeof methods;

/** Returns the sections of a config that make `method` at this scale. */
export function methodSections(method: MethodName, scale: MethodScale): MethodSections {
  return methods[method].sections(scale);
}

/** Returns the clean labels that `method` learns from; null for nearly every method. */
export function methodCleanData(method: MethodName): CleanData | null {
  const { clean }: Method = methods[method];
  return clean ?? null;
}

/** Tells whether a method needs rounds of quick training. */
export function needsQuick(method: MethodName): boolean {
  const { quickOnly = false }: Method = methods[method];
  return quickOnly;
}

export function methodTitle(method: MethodName): string {
  return methods[method].title;
}
