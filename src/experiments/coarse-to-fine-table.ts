/** Defines a table beyond the paper: how near cheap labels and the ways to learn from them come to fine labels. */

import { type AdditionalLabels, type MethodName, type PaperData, paperRun } from '../recipes/internal.js';
import type { ExperimentTable, TableRow } from './experiment-table.js';
import { labelingNote } from './labeling.js';

interface LabelGroup {
  readonly title: string;
  readonly data: PaperData;
  readonly additional?: AdditionalLabels;
  readonly methods: readonly MethodName[];
}

/** Names the methods in the column of recipes. */
const titles: Readonly<Partial<Record<MethodName, string>>> = {
  'cross-entropy': 'Cross-entropy',
  arm: 'ARM',
  'linear-arm': 'Linear ARM',
  ohem: 'OHEM',
  'closed-form-arm': 'Closed-form ARM',
  trim: 'Trim, 5 %',
  'trim-10': 'Trim, 10 %',
  'trim-arm': 'Trim, 5 %, then ARM',
  agreement: 'Agreement, closed form',
  'agreement-arm': 'Agreement, ARM',
  'agreement-linear-arm': 'Agreement, Linear ARM',
  candidates: 'Candidate classes',
  relaxation: 'Relaxed borders',
  'gated-crf': 'Gated CRF',
  consistency: 'Consistency',
  correction: 'Correction',
  fill: 'Recipe `coarse`: trim and fill',
};

const reweighting: readonly MethodName[] = [
  'cross-entropy',
  'arm',
  'linear-arm',
  'closed-form-arm',
  'ohem',
  'trim',
  'trim-10',
  'trim-arm',
  'agreement',
  'agreement-arm',
  'agreement-linear-arm',
];
/** Changes labels that are wrong or learns from pixels that have none, which fine labels do not need. */
const unlabeled: readonly MethodName[] = [
  'correction',
  'candidates',
  'relaxation',
  'gated-crf',
  'consistency',
  'fill',
];
const mixed: readonly MethodName[] = ['cross-entropy', 'trim', 'trim-10', 'agreement', 'fill'];

const groups: readonly LabelGroup[] = [
  { title: 'fine', data: 'cityscapes-fine', methods: reweighting },
  { title: 'coarse', data: 'cityscapes-coarse', methods: [...reweighting, ...unlabeled] },
  ...[30, 100].map((points) => ({
    title: `coarse and ${points} points an image`,
    data: 'cityscapes-coarse' as const,
    additional: { points },
    methods: mixed,
  })),
  {
    title: 'coarse and 5 % of the images fine',
    data: 'cityscapes-coarse',
    additional: { fineShare: 0.05 },
    methods: mixed,
  },
];

/** Returns the rows of a group; the others are compared with cross-entropy on the same labels. */
function rowsOf({ title, data, additional, methods }: LabelGroup): TableRow[] {
  const variation = additional === undefined ? {} : { additional };
  const base = paperRun(data, 'cross-entropy', variation);
  return methods.map((method) => ({
    cells: [title, titles[method] ?? method],
    run: paperRun(data, method, variation),
    base: method === 'cross-entropy' ? null : base,
  }));
}

/** Compares training labels and recipes with cross-entropy on fine labels, and says what the labels cost. */
export const coarseToFineTable: ExperimentTable = {
  name: 'coarse-to-fine',
  title: 'From coarse labels to the accuracy of fine ones',
  columns: ['Training labels', 'Recipe'],
  metrics: ['mIoU'],
  rows: groups.flatMap(rowsOf),
  claims: [],
  fineLabels: paperRun('cityscapes-fine', 'cross-entropy'),
  remarks: [
    labelingNote,
    '“Of fine” is the mean over seeds of the mIoU of a row over that of cross-entropy on fine labels with the same seed. Δ is ' +
      'against cross-entropy on the same labels.',
    'Points are simulated: drawn at random from the fine labels, in place of a person, where an image has no coarse label.',
    'Points, and a few fine images, have a share of 0.3 of the objective.',
  ],
};
