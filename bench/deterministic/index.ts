/**
 * Measures the cost of `deterministic: true`: the same step with and without it, in turns, in one process.
 *
 *   npm run bench -- deterministic [--rounds 20] [--threads 2] [--device cuda]
 */

import { availableParallelism } from 'node:os';
import { configSchema } from 'coarsely/config';
import { setDeterministic, setThreads } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { defineBench } from '../support/bench.js';
import { engineVersions } from '../support/machine.js';
import { secondsOf } from '../support/program.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import { syntheticBatch } from '../support/training.js';

const digits = 4;
const reweighters = ['arm', 'closed-form-arm'];
const [batchSize, classCount] = [2, 19];

interface Setting {
  readonly device: string;
  readonly threads: number;
  readonly height: number;
  readonly width: number;
  readonly rounds: number;
}

export const bench = defineBench({
  options: {
    rounds: { type: 'string' },
    threads: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
  },

  async run({ device, quick, ...counts }) {
    const rounds = Number(counts.rounds ?? (quick ? 2 : 20));
    const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
    const [height, width] = quick ? [64, 64] : [256, 512];
    setThreads(threads);
    const rows = [];
    for (const reweighter of reweighters) {
      rows.push(await measure(reweighter, { device, threads, height, width, rounds }));
    }
    return { versions: engineVersions(), threads, rounds, rows };
  },
});

async function measure(reweighter: string, { device, threads, height, width, rounds }: Setting) {
  const config = configSchema.parse({
    device,
    threads,
    data: { root: '.', augmentation: { cropSize: [height, width] } },
    reweighter: { kind: reweighter },
    training: { batchSize },
  });
  const trainer = new Trainer(config, { classCount, datasetLength: batchSize });
  const batch = syntheticBatch({ count: batchSize, height, width, classCount });
  const step = (isDeterministic: boolean) => {
    const before = setDeterministic(isDeterministic);
    const seconds = secondsOf(() => {
      const losses = trainer.step(batch);
      losses.objective.item();
      for (const loss of Object.values(losses)) loss?.dispose();
    });
    setDeterministic(before);
    return seconds;
  };
  const modes = [true, false].map((isDeterministic) => ({ isDeterministic, seconds: [] as number[] }));
  await takeTurns(modes, 2, ({ isDeterministic }) => {
    step(isDeterministic);
  });
  await takeTurns(modes, rounds, ({ isDeterministic, seconds }) => {
    seconds.push(step(isDeterministic));
  });
  trainer.dispose();
  const [on = [], off = []] = modes.map(({ seconds }) => seconds);
  const ratio = summarize(ratiosOf(on, off), { digits });
  const row = {
    case: `resnet18 with ${reweighter}, ${batchSize}×3×${height}×${width}, ${trainer.precision}, ${device}`,
    deterministicSeconds: roundTo(median(on), digits),
    plainSeconds: roundTo(median(off), digits),
    ratio: ratio.median,
    ratioQuartiles: ratio.quartiles,
  };
  console.log(
    `${row.case}: ${row.deterministicSeconds} s with, ${row.plainSeconds} s without, ratio ${row.ratio} ` +
      `[${row.ratioQuartiles.join(', ')}]`,
  );
  return row;
}
