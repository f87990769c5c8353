/**
 * Measures what ARM adds to a training step, and how long its own pass over the pixels takes.
 *
 * One process holds a network, and trains it in turns with plain cross-entropy and with ARM, step by step; the overhead
 * is the median of the ratios within a round. The pass alone is weights, weighted sum and their backward.
 *
 *   npm run bench -- arm [--rounds 15] [--threads 2] [--only 512×1024]
 */

import { availableParallelism } from 'node:os';
import type { ResNetDepth } from 'coarsely/models';
import { Arm } from 'coarsely/reweighting';
import { Generator, rand, randn, setThreads, tidy, withKernels } from 'coarsely/torch';
import { trainStep } from 'coarsely/training';
import { defineBench } from '../support/bench.js';
import { engineVersions } from '../support/machine.js';
import { secondsOf } from '../support/program.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import { createComponents, createDeepLab } from '../support/training.js';

const digits = 4;
const classCount = 19;

interface Setting {
  readonly depth: ResNetDepth;
  readonly outputStride: 8 | 16;
  readonly batchSize: number;
  readonly height: number;
  readonly width: number;
}

const settings: readonly Setting[] = [
  { depth: 50, outputStride: 16, batchSize: 2, height: 256, width: 512 },
  { depth: 50, outputStride: 8, batchSize: 1, height: 512, width: 1024 },
];
const quickSettings: readonly Setting[] = [
  { depth: 18, outputStride: 16, batchSize: 2, height: 64, width: 64 },
];

export const bench = defineBench({
  options: {
    rounds: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string', default: '' },
  },

  async run({ quick, only, ...counts }) {
    const rounds = Number(counts.rounds ?? (quick ? 2 : 15));
    const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
    setThreads(threads);
    const rows = [];
    for (const setting of quick ? quickSettings : settings) {
      if (nameOf(setting).includes(only)) rows.push(await measureStep(setting, rounds));
    }
    rows.push(...(await measurePass(quick ? [1, 64, 64] : [1, 512, 1024], rounds)));
    return { versions: engineVersions(), threads, rounds, rows };
  },
});

function nameOf({ depth, outputStride, batchSize, height, width }: Setting): string {
  return `ResNet-${depth} os ${outputStride}, ${batchSize}×3×${height}×${width}, ${classCount} classes, bfloat16`;
}

async function measureStep(setting: Setting, rounds: number) {
  const { depth, outputStride, batchSize, height, width } = setting;
  const generator = new Generator(0);
  const model = createDeepLab({ depth, outputStride, classCount, generator });
  model.to({ memoryFormat: 'channels-last' });
  const arm = new Arm({ generator });
  const draw = { dtype: 'float32', generator } as const;
  const batch = {
    imagesNCHW: tidy(() =>
      randn([batchSize, 3, height, width], draw).contiguous({ memoryFormat: 'channels-last' }),
    ),
    labelsNHW: tidy(() => rand([batchSize, height, width], draw).mul(classCount).to({ dtype: 'int64' })),
  };
  const sides = [createComponents(model, null), createComponents(model, arm)].map((components) => ({
    components,
    seconds: [] as number[],
    step: () => {
      trainStep(components, batch, { phase: 'joint', precision: 'bfloat16' }).objective.item();
    },
  }));
  await takeTurns(sides, 2, ({ step }) => tidy(step));
  await takeTurns(sides, rounds, ({ step, seconds }) => {
    seconds.push(secondsOf(() => tidy(step)));
  });
  const [plain = [], weighted = []] = sides.map(({ seconds }) => seconds);
  const overhead = summarize(
    ratiosOf(weighted, plain).map((ratio) => 100 * (ratio - 1)),
    { digits },
  );
  for (const { components } of sides) components.optimizer.dispose();
  for (const each of [model, arm, ...Object.values(batch), generator]) each.dispose();
  const row = {
    case: `a step, ${nameOf(setting)}`,
    crossEntropy: roundTo(median(plain), digits),
    arm: roundTo(median(weighted), digits),
    unit: 'seconds a step',
    overheadPercent: overhead.median,
    overheadQuartiles: overhead.quartiles,
  };
  console.log(
    `${row.case}: cross-entropy ${row.crossEntropy} s, ARM ${row.arm} s, ` +
      `overhead ${row.overheadPercent}% [${row.overheadQuartiles.join(', ')}]`,
  );
  return row;
}

/** Measures the fused pass and the composition of stock operators in turns, and returns a row for each. */
async function measurePass(shape: readonly number[], rounds: number) {
  const generator = new Generator(0);
  const arm = new Arm({ generator });
  const draw = () => rand(shape, { dtype: 'float32', generator });
  const input = {
    confidenceNHW: tidy(() => draw().mul(2).sub(1)),
    lossesNHW: draw(),
    validNHW: tidy(() => draw().lt(0.9)),
  };
  const sides = (['fused', 'stock'] as const).map((kernels) => ({
    kernels,
    seconds: [] as number[],
    pass: () => withKernels(kernels, () => arm.weigh(input).mul(input.lossesNHW).sum().backward()),
  }));
  await takeTurns(sides, 2, ({ pass }) => tidy(pass));
  await takeTurns(sides, rounds, ({ pass, seconds }) => {
    seconds.push(secondsOf(() => tidy(pass)));
  });
  for (const each of [arm, ...Object.values(input), generator]) each.dispose();
  return sides.map(({ kernels, seconds }) => {
    const milliseconds = summarize(
      seconds.map((value) => 1000 * value),
      { digits },
    );
    const row = {
      case: `ARM's pass alone, ${shape.join('×')}, ${kernels}`,
      milliseconds: milliseconds.median,
      quartiles: milliseconds.quartiles,
    };
    console.log(`${row.case}: ${row.milliseconds} ms [${row.quartiles.join(', ')}]`);
    return row;
  });
}
