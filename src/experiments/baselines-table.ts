/** Defines a table beyond the paper: every reweighter of this project on the same coarse labels. */

import { type MethodName, paperRun } from '../recipes/internal.js';
import { allMetrics, type ExperimentTable } from './experiment-table.js';

const methods: readonly (readonly [MethodName, string, string])[] = [
  ['cross-entropy', 'Cross-entropy', 'nothing'],
  ['ohem', 'OHEM', 'loss: hard pixels more'],
  ['focal-loss', 'Focal loss', 'loss: hard pixels more'],
  ['focal-weights', 'Focal weights', 'loss: hard pixels more'],
  ['gce-weights', 'GCE weights', 'loss: hard pixels less'],
  ['arm', 'ARM', 'confidence, learned'],
  ['linear-arm', 'Linear ARM', 'confidence, fixed'],
  ['closed-form-arm', 'Closed-form ARM', 'confidence, computed'],
  ['active-bias', 'Active Bias', 'variance of the predictions so far'],
  ['meta-weight-net', 'Meta-Weight-Net', 'loss, learned on clean labels'],
];

const base = paperRun('cityscapes-coarse', 'cross-entropy');

/** Compares all reweighters on coarse labels. */
export const baselinesTable: ExperimentTable = {
  name: 'baselines',
  title: 'Ways of weighing pixels, coarse labels',
  columns: ['Method', 'weighs by'],
  metrics: allMetrics,
  rows: methods.map(([method, ...cells]) => ({
    cells,
    run: paperRun('cityscapes-coarse', method),
    base: method === 'cross-entropy' ? null : base,
  })),
  claims: [],
  remarks: ['Meta-Weight-Net sees clean labels in training, which no other row does.'],
};
