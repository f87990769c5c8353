/** Writes a run's folder as a process leaves it: begun, at a checkpoint, or finished with given scores. */

import { configToYaml } from 'coarsely/config';
import type { Job } from 'coarsely/experiments';
import { RunWriter } from '#runs/run-writer.js';

export interface BegunRun {
  /** Without one, the run has none yet. */
  readonly checkpoint?: number;
  /** Of the last step; the mean IoU as a fraction. */
  readonly mIoU?: number;
}

export function begin({ folder, config }: Job, { checkpoint, mIoU }: BegunRun = {}): void {
  const { iterations } = config.training;
  const step = mIoU === undefined ? checkpoint : iterations;
  using writer = RunWriter.create(folder, { configYaml: configToYaml(config) });
  if (mIoU !== undefined) {
    writer.append({
      step: iterations,
      split: 'val',
      values: { aAcc: 0.9, mAcc: 0.8, mIoU, perClass: [] },
    });
  }
  if (step !== undefined) writer.writeCheckpoint({ step, tensors: new Map(), state: {} });
}
