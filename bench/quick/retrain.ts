/** Measures how long a person waits for a head after giving a few images new labels. */

import { join } from 'node:path';
import { Program } from '../support/program.js';
import { roundTo, summarize } from '../support/statistics.js';
import type { Conditions } from './features.js';
import type { RetrainSetting } from './setting.js';

const digits = 3;

/** Returns the row of a dataset of which four images get new labels. */
export async function measureRetraining(quick: boolean, { torch, rounds, threads }: Conditions) {
  const setting: RetrainSetting = {
    images: quick ? 2 : 40,
    changed: quick ? 1 : 4,
    width: quick ? 96 : 480,
    height: quick ? 64 : 360,
    classCount: 11,
    drawn: quick ? 256 : 8192,
    steps: quick ? 2 : 100,
    threads,
  };
  const program = new Program<unknown, { seconds: number[]; peakMiB: number }>(
    [process.execPath, join(import.meta.dirname, 'retrain-ours.js'), JSON.stringify(setting)],
    { COARSELY_TORCH: torch.folder },
  );
  try {
    await program.ready;
    await program.steps(1);
    const { seconds, peakMiB } = await program.steps(rounds);
    const summary = summarize(seconds, { digits });
    const { changed, images, steps, drawn, width, height } = setting;
    const row = {
      case: `retrain, ${changed} of ${images} images ${width}×${height} relabeled, ${steps} steps of ${drawn}`,
      libtorch: torch.version,
      ours: summary.median,
      oursQuartiles: summary.quartiles,
      unit: 'seconds',
      oursPeakMiB: roundTo(peakMiB, 0),
    };
    console.log(`torch ${torch.version}, ${row.case}: ${row.ours} s [${row.oursQuartiles.join(', ')}]`);
    return row;
  } finally {
    program.end();
  }
}
