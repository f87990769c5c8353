/** Lists what the paper claims about the rows of its tables; the sizes of the differences are in `paper-figures.ts`. */

import { type MethodName, type PaperData, paperRun } from '../recipes/internal.js';
import type { Claim, ComparisonClaim } from './claim.js';

const coarse = 'cityscapes-coarse';
const fine = 'cityscapes-fine';

type Variation = Parameters<typeof paperRun>[2];

interface Comparison {
  readonly data?: PaperData;
  readonly variation?: Variation;
  readonly run: MethodName;
  readonly against?: MethodName;
}

/** Returns a claim about two methods on the same data and network; against plain cross-entropy unless another is named. */
function claim(
  expected: ComparisonClaim['expected'],
  statement: string,
  { data = coarse, variation, run, against = 'cross-entropy' }: Comparison,
): ComparisonClaim {
  return {
    expected,
    statement,
    run: paperRun(data, run, variation),
    against: paperRun(data, against, variation),
  };
}

function diverged(statement: string, run: MethodName): Claim {
  return { expected: 'diverged', statement, run: paperRun(coarse, run) };
}

export const table1Claims: readonly Claim[] = [
  claim('lower', 'Without detaching, the network learns to be confident instead of right', {
    run: 'linear-arm-attached',
  }),
  claim('higher', 'Suppressing confident pixels gains', { run: 'linear-arm' }),
  claim('lower', 'Focusing on confident pixels loses', { run: 'linear-arm-focusing' }),
  claim('higher', 'Suppressing is better than focusing', {
    run: 'linear-arm',
    against: 'linear-arm-focusing',
  }),
];

export const table2Claims: readonly Claim[] = [
  diverged('ARM under the L1 norm does not converge', 'arm-p1'),
  claim('higher', 'ARM under the L2 norm gains', { run: 'arm' }),
  claim('higher', 'ARM under the L3 norm gains', { run: 'arm-p3' }),
  claim('higher', 'The L2 norm is better than the L3 norm', { run: 'arm', against: 'arm-p3' }),
  claim('higher', 'ARM on the standard deviation gains', { run: 'arm-std' }),
  claim('higher', 'ARM on the logarithm of the variance gains', { run: 'arm-log-variance' }),
  claim('equal', 'The standard deviation serves as well as the variance', { run: 'arm-std', against: 'arm' }),
  claim('equal', 'The logarithm of the variance serves as well as the variance', {
    run: 'arm-log-variance',
    against: 'arm',
  }),
  diverged('ARM on the entropy does not converge', 'arm-entropy'),
];

export const table3Claims: readonly Claim[] = (
  [
    [coarse, 'coarse'],
    [fine, 'fine'],
  ] as const
).flatMap(([data, labels]) =>
  (
    [
      ['ResNet-50', { backbone: 'smaller' }],
      ['ResNet-101', { backbone: 'larger' }],
      ['DeepLabv3+', {}],
      ['the OCR head', { head: 'ocr' }],
    ] as const
  ).map(([network, variation]) =>
    claim('higher', `ARM gains with ${network} on ${labels} labels`, { data, variation, run: 'arm' }),
  ),
);

export const table4Claims: readonly Claim[] = [
  claim('lower', 'KL loss is worse than cross-entropy', { run: 'kl' }),
  claim('higher', 'Generalized cross-entropy is better than cross-entropy', { run: 'gce' }),
  claim('higher', 'ARM gains with KL loss', { run: 'kl-arm', against: 'kl' }),
  claim('higher', 'ARM gains with cross-entropy', { run: 'arm' }),
  claim('higher', 'ARM gains with generalized cross-entropy', { run: 'gce-arm', against: 'gce' }),
];

export const table5Claims: readonly Claim[] = [
  claim('higher', 'OHEM gains on fine labels', { data: fine, run: 'ohem' }),
  claim('higher', 'ARM gains on fine labels', { data: fine, run: 'arm' }),
  claim('higher', 'ARM is better than OHEM on fine labels', { data: fine, run: 'arm', against: 'ohem' }),
  claim('higher', 'OHEM gains on ADE20K', { data: 'ade20k', run: 'ohem' }),
  claim('higher', 'ARM gains on ADE20K', { data: 'ade20k', run: 'arm' }),
  claim('equal', 'OHEM changes nothing on coarse labels', { run: 'ohem' }),
  claim('higher', 'ARM gains on coarse labels', { run: 'arm' }),
  claim('higher', 'ARM is better than OHEM on coarse labels', { run: 'arm', against: 'ohem' }),
];

const severalScales = { protocol: 'multi-scale' } as const;

export const table6Claims: readonly Claim[] = (
  [
    [fine, 'fine labels'],
    [coarse, 'coarse labels'],
    ['ade20k', 'ADE20K'],
  ] as const
).flatMap(([data, place]) => [
  data === coarse
    ? claim('equal', `OHEM changes nothing on ${place}`, { data, variation: severalScales, run: 'ohem' })
    : claim('higher', `OHEM gains on ${place}`, { data, variation: severalScales, run: 'ohem' }),
  claim('higher', `Linear ARM gains on ${place}`, { data, variation: severalScales, run: 'linear-arm' }),
  claim('higher', `ARM gains on ${place}`, { data, variation: severalScales, run: 'arm' }),
]);
