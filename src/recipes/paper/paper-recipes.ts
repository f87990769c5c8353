/** Offers the run behind every row of the paper's tables as a recipe. */

import type { Recipe } from '../recipe.js';
import { paperBackbone, paperConfig } from './paper-config.js';
import { type MethodName, methodTitle } from './paper-methods.js';
import { type PaperData, type PaperRun, paperRun, paperRunName } from './paper-run.js';

const dataTitles: Readonly<Record<PaperData, string>> = {
  'cityscapes-coarse': 'Cityscapes, coarse labels',
  'cityscapes-fine': 'Cityscapes, fine labels',
  'cityscapes-coarse-extension': 'Cityscapes, the 20 000 extra coarse labels',
  ade20k: 'ADE20K',
};

/** Lists the ablations of Tables 1, 2 and 4, all on coarse labels. */
const ablations: readonly MethodName[] = [
  'linear-arm-attached',
  'linear-arm-focusing',
  'arm-p1',
  'arm-p3',
  'arm-std',
  'arm-log-variance',
  'arm-entropy',
  'kl',
  'gce',
  'kl-arm',
  'gce-arm',
];

const compared: readonly MethodName[] = ['cross-entropy', 'ohem', 'linear-arm', 'arm'];
const both: readonly MethodName[] = ['cross-entropy', 'arm'];
const labelTypes = ['cityscapes-coarse', 'cityscapes-fine'] as const;
const benchmarks = [...labelTypes, 'ade20k'] as const;

const runs: readonly PaperRun[] = [
  ...benchmarks.flatMap((data) => compared.map((method) => paperRun(data, method))),
  ...ablations.map((method) => paperRun('cityscapes-coarse', method)),
  ...labelTypes.flatMap((data) => both.map((method) => paperRun(data, method, { backbone: 'smaller' }))),
  ...labelTypes.flatMap((data) => both.map((method) => paperRun(data, method, { head: 'ocr' }))),
  ...benchmarks.flatMap((data) =>
    compared.map((method) => paperRun(data, method, { protocol: 'multi-scale' })),
  ),
  ...both.map((method) => paperRun('cityscapes-coarse-extension', method)),
];

/** Lists the recipes of the paper's tables. */
export const paperRecipes: readonly Recipe[] = runs.map((run) => ({
  name: paperRunName(run),
  description: describe(run),
  group: dataTitles[run.data],
  config: (options) => paperConfig(run, options),
}));

function describe(run: PaperRun): string {
  return [
    dataTitles[run.data],
    methodTitle(run.method),
    ...(run.backbone === 'standard' ? [] : [`backbone ${paperBackbone(run)}`]),
    ...(run.head === 'ocr' ? ['OCR head'] : []),
    ...(run.protocol === 'multi-scale' ? ['tested at several scales'] : []),
  ].join('; ');
}
