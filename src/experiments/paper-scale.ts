/** Runs the tables as the paper did: Cityscapes and ADE20K in their official layouts, its networks, steps and crops. */

import { type PaperRun, paperBackbone, paperConfig, paperRunName } from '../recipes/internal.js';
import type { DataRoots, Scale, ScaledRun } from './scale.js';

/** Configures the paper's scale. */
export interface PaperScaleOptions {
  /** Names files of ImageNet weights by the kind of backbone: `resnet101`. */
  readonly weights?: Readonly<Record<string, string>>;
}

/** Returns the scale of the paper, on the datasets in these folders. */
export function paperScale(roots: DataRoots, { weights = {} }: PaperScaleOptions = {}): Scale {
  return {
    name: 'paper',
    mode: 'full',
    notes: [
      'Scale of the paper, which has 40 000 steps (160 000 on ADE20K), batch 16, learning rate 0.02, crops of 1024×512 and ' +
        '512×512, and backbones with ImageNet weights (--weights resnet101=FILE).',
    ],
    dataNotes: [
      'Table 6 trains on train and val of Cityscapes: its figures here are of val, which was trained on; only the test server can judge.',
    ],
    labels: () => null,
    scaled(run) {
      if (run.additional !== undefined) return withoutAdditional;
      const [name, root] = rootOf(run, roots);
      if (root === undefined) {
        return { missing: `name its folder with --data ${name}=ROOT`, rows: `rows of ${run.data}` };
      }
      const file = weights[paperBackbone(run)] ?? null;
      return { name: paperRunName(run), config: paperConfig(run, { root, weights: file }) };
    },
  };
}

const withoutAdditional: ScaledRun = {
  missing: 'they need a folder whose size is known: use --scale small',
  rows: 'rows with points or a few fine images',
};

function rootOf({ data }: PaperRun, { cityscapes, ade20k }: DataRoots): [string, string | undefined] {
  return data === 'ade20k' ? ['ade20k', ade20k] : ['cityscapes', cityscapes];
}
