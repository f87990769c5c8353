/** Writes the result of the demo: one line for each run, and what can be read from it. */

import { formatNumber, formatPercent, formatTable } from '../../../format/index.js';
import { type EvaluationValues, metricRecords, type Run } from '../../../runs/index.js';
import { runSeconds } from '../../../runs/internal.js';
import type { DemoRun } from './demo-runs.js';

/** Holds a run of the demo with its folder. */
export interface TrainedDemoRun {
  readonly run: Run;
  readonly of: DemoRun;
}

/** Returns the last scores of every run in percent, and its seconds. */
export function demoTable(trained: readonly TrainedDemoRun[]): string {
  return formatTable([
    ['training', 'labels', 'method', 'mIoU', 'mAcc', 'aAcc', 'seconds'],
    ...trained.map(({ run, of: { mode, labels, method } }) => {
      const { mIoU, mAcc, aAcc } = lastEvaluation(run);
      return [
        mode,
        labels,
        method,
        ...[mIoU, mAcc, aAcc].map((score) => formatPercent(score)),
        formatNumber(runSeconds(run), { decimals: 0 }),
      ];
    }),
  ]);
}

function lastEvaluation(run: Run): Pick<EvaluationValues, 'mIoU' | 'mAcc' | 'aAcc'> {
  return metricRecords(run, 'val').at(-1)?.values ?? { mIoU: null, mAcc: null, aAcc: null };
}

/** Returns what the scores show, and what they do not. */
export function demoCaveat({ pretrained }: { readonly pretrained: boolean }): string {
  return pretrained ? `${quickText}\n${chanceText}` : randomText;
}

const quickText = `All were scored on the exact labels of scenes that no run has seen. Quick training sees every image once, with a
network that knows photographs already, and trains a small head on pixels of all of them; the first quick run computes
the features that the others read. Full training changes the whole network, and needs more steps than it has here.`;

const chanceText = `These are small scenes and one seed: quick against full and fine against coarse can be seen, cross-entropy against
ARM cannot. A difference of a point or two between those is chance here.`;

const randomText = `Both were trained on the same coarse labels and scored on exact ones. With small scenes, one seed and a few hundred
steps from random weights this shows that everything works, not which method is better. A difference of a few
points either way is chance here; the paper's runs are a hundred times longer.`;
