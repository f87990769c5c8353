// 500 training steps in flat memory: live tensors and live bytes are the same after every step, and the process stops
// growing once its caches are full. V8's collector does not see native memory, so only the scopes can make this so.

import { readFileSync } from 'node:fs';
import { crossEntropy } from 'coarsely/losses';
import { createSegmentor } from 'coarsely/models';
import { Sgd } from 'coarsely/optim';
import { Arm, variance } from 'coarsely/reweighting';
import {
  engine,
  Generator,
  liveTensorCount,
  memory,
  randn,
  setThreads,
  tensorFrom,
  tidy,
} from 'coarsely/torch';
import { trainStep } from 'coarsely/training';

export const options = { steps: { type: 'string' }, threads: { type: 'string' } };

const classCount = 8;
const [count, height, width] = [2, 64, 64];
const modelSection = {
  backbone: { kind: 'resnet18', outputStride: 16 },
  head: { kind: 'deeplabv3plus' },
  auxiliary: { channels: 256 },
};

export async function run({ steps: wanted, threads = '1', quick }) {
  const steps = Number(wanted ?? (quick ? 20 : 500));
  setThreads(Number(threads));
  const every = Math.max(1, steps / 20);
  const samples = sampleSteps(steps, every);
  // Caches fill in the first tenth.
  const settled = samples.filter(({ step }) => step >= steps / 10);
  const spread = (name) => {
    const values = settled.map((sample) => sample[name]);
    return Math.max(...values) - Math.min(...values);
  };
  const row = {
    case: `${steps} steps of resnet18 os 16 with ARM, ${count}×3×${height}×${width}, bfloat16`,
    liveTensorSpread: spread('liveTensors'),
    liveByteSpread: spread('liveBytes'),
    residentGrowthMiB: Math.round(10 * (settled.at(-1).residentMiB - settled[0].residentMiB)) / 10,
    residentMiB: Math.round(settled.at(-1).residentMiB),
    samples,
  };
  console.log(
    `${row.case}: live tensors ±${row.liveTensorSpread}, live bytes ±${row.liveByteSpread}, ` +
      `resident ${row.residentMiB} MiB, ${row.residentGrowthMiB} MiB more than after a tenth`,
  );
  if (row.liveTensorSpread !== 0 || row.liveByteSpread !== 0) throw new Error('live memory is not flat');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    versions: { coarsely: version, node: process.versions.node, libtorch: engine().version },
    rows: [row],
  };
}

function sampleSteps(steps, every) {
  const generator = new Generator(1);
  const model = createSegmentor(modelSection, { classCount, generator });
  model.to({ memoryFormat: 'channels-last' });
  const reweighter = tidy(() => new Arm({ generator, learningRateScale: 50 }));
  const players = {
    model,
    optimizer: new Sgd([{ parameters: model.parameters() }, reweighter.adversarialParameters()], {
      learningRate: 1e-3,
    }),
    pixelLoss: crossEntropy,
    confidence: variance,
    reweighter,
    reduction: 'valid',
    auxiliaryWeight: 0.4,
  };
  const samples = [];
  for (let step = 1; step <= steps; step += 1) {
    tidy(() => {
      // A batch of its own for every step, as a loader hands it over.
      const labels = BigInt64Array.from({ length: count * height * width }, (_, at) =>
        BigInt((at + step) % classCount),
      );
      const batch = {
        imagesNCHW: randn([count, 3, height, width], { dtype: 'float32', generator }).contiguous({
          memoryFormat: 'channels-last',
        }),
        labelsNHW: tensorFrom(labels, { dtype: 'int64', shape: [count, height, width] }),
      };
      const losses = trainStep(players, batch, { phase: 'joint', precision: 'bfloat16' });
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
