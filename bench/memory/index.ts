/**
 * Trains 500 steps and expects flat memory: live tensors and live bytes are the same after every step, and the process
 * stops growing once its caches are full. V8's collector does not see native memory, so only the scopes can free it.
 *
 *   npm run bench -- memory [--steps 500] [--threads 1]
 */

import { createSegmentor } from 'coarsely/models';
import { Arm } from 'coarsely/reweighting';
import { Generator, liveTensorCount, memory, randn, setThreads, tensorFrom, tidy } from 'coarsely/torch';
import { trainStep } from 'coarsely/training';
import { BenchError, defineBench } from '../support/bench.js';
import { engineVersions } from '../support/machine.js';
import { roundTo } from '../support/statistics.js';
import { createComponents } from '../support/training.js';

const classCount = 8;
const [count, height, width] = [2, 64, 64];
const modelSection = {
  backbone: { kind: 'resnet18', outputStride: 16 },
  head: { kind: 'deeplabv3plus' },
  auxiliary: { channels: 256 },
} as const;

interface Sample {
  readonly step: number;
  readonly liveTensors: number;
  readonly liveBytes: number;
  readonly residentMiB: number;
}

export const bench = defineBench({
  options: { steps: { type: 'string' }, threads: { type: 'string', default: '1' } },

  async run({ steps: wanted, threads, quick }) {
    const steps = Number(wanted ?? (quick ? 20 : 500));
    setThreads(Number(threads));
    const samples = sampleSteps(steps, Math.max(1, steps / 20));
    // Caches fill during the first tenth.
    const settled = samples.filter(({ step }) => step >= steps / 10);
    const [first, last] = [settled[0], settled.at(-1)];
    if (!first || !last) throw new BenchError(`memory: expected at least 1 step, received ${steps}`);
    const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
    const row = {
      case: `${steps} steps of resnet18 os 16 with ARM, ${count}×3×${height}×${width}, bfloat16`,
      liveTensorSpread: spread(settled.map(({ liveTensors }) => liveTensors)),
      liveByteSpread: spread(settled.map(({ liveBytes }) => liveBytes)),
      residentGrowthMiB: roundTo(last.residentMiB - first.residentMiB, 1),
      residentMiB: Math.round(last.residentMiB),
      samples,
    };
    console.log(
      `${row.case}: live tensors ±${row.liveTensorSpread}, live bytes ±${row.liveByteSpread}, ` +
        `resident ${row.residentMiB} MiB, ${row.residentGrowthMiB} MiB more than after a tenth`,
    );
    if (row.liveTensorSpread !== 0 || row.liveByteSpread !== 0)
      throw new BenchError('live memory is not flat');
    return { versions: engineVersions(), rows: [row] };
  },
});

function sampleSteps(steps: number, every: number): Sample[] {
  const generator = new Generator(1);
  const model = createSegmentor(modelSection, { classCount, generator });
  model.to({ memoryFormat: 'channels-last' });
  const components = createComponents(
    model,
    tidy(() => new Arm({ generator, learningRateScale: 50 })),
  );
  const samples: Sample[] = [];
  for (let step = 1; step <= steps; step += 1) {
    tidy(() => {
      // Every step has a batch of its own, as a loader provides it.
      const labels = BigInt64Array.from({ length: count * height * width }, (_, place) =>
        BigInt((place + step) % classCount),
      );
      const batch = {
        imagesNCHW: randn([count, 3, height, width], { dtype: 'float32', generator }).contiguous({
          memoryFormat: 'channels-last',
        }),
        labelsNHW: tensorFrom(labels, { dtype: 'int64', shape: [count, height, width] }),
      };
      const losses = trainStep(components, batch, { phase: 'joint', precision: 'bfloat16' });
      if (!Number.isFinite(losses.objective.item())) throw new Error(`the loss diverged at step ${step}`);
    });
    if (step % every === 0) {
      samples.push({
        step,
        liveTensors: liveTensorCount(),
        liveBytes: memory().liveBytes,
        residentMiB: process.memoryUsage().rss / 2 ** 20,
      });
    }
  }
  return samples;
}
