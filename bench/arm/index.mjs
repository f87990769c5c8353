// What ARM adds to a training step, and what its own pass over the pixels takes.
//
// One process holds a network, and trains it in turns with plain cross-entropy and with ARM, step by step; the overhead
// is the median of the ratios within a round. The pass alone is weights, weighted sum and their backward.
//
//   npm run bench -- arm [--rounds 15] [--threads 2] [--only 512×1024]

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { crossEntropy } from 'coarsely/losses';
import { DeepLabV3Plus, FcnHead, ResNet, Segmentor } from 'coarsely/models';
import { Sgd } from 'coarsely/optim';
import { Arm, variance } from 'coarsely/reweighting';
import { engine, Generator, rand, randn, setThreads, tidy, withKernels } from 'coarsely/torch';
import { trainStep } from 'coarsely/training';
import { median, quartiles } from '../step/statistics.mjs';

export const options = {
  rounds: { type: 'string' },
  threads: { type: 'string' },
  only: { type: 'string', default: '' },
};

const settings = [
  { depth: 50, outputStride: 16, batchSize: 2, height: 256, width: 512 },
  { depth: 50, outputStride: 8, batchSize: 1, height: 512, width: 1024 },
];

export async function run({ quick, only, ...counts }) {
  const rounds = Number(counts.rounds ?? (quick ? 2 : 15));
  const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
  setThreads(threads);
  const cases = quick ? [{ depth: 18, outputStride: 16, batchSize: 2, height: 64, width: 64 }] : settings;
  const chosen = cases.filter((setting) => nameOf(setting).includes(only));
  const rows = chosen.map((setting) => measureStep(setting, rounds));
  rows.push(...measurePass(quick ? [1, 64, 64] : [1, 512, 1024], rounds));
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const versions = { coarsely: version, node: process.versions.node, libtorch: engine().version };
  return { versions, threads, rounds, rows };
}

const nameOf = ({ depth, outputStride, batchSize, height, width }) =>
  `ResNet-${depth} os ${outputStride}, ${batchSize}×3×${height}×${width}, 19 classes, bfloat16`;

function measureStep(setting, rounds) {
  const { depth, outputStride, batchSize, height, width } = setting;
  const generator = new Generator(0);
  const backbone = new ResNet(depth, { outputStride, generator });
  const shared = { backbone, classCount: 19, dropout: 0, generator };
  const model = new Segmentor({
    backbone,
    head: new DeepLabV3Plus({ ...shared, channels: depth >= 50 ? 512 : 256 }),
    auxiliary: new FcnHead(shared),
  }).to({ memoryFormat: 'channels-last' });
  const arm = new Arm({ generator });
  const draw = { dtype: 'float32', generator };
  const images = () => randn([batchSize, 3, height, width], draw);
  const batch = {
    imagesNCHW: tidy(() => images().contiguous({ memoryFormat: 'channels-last' })),
    labelsNHW: tidy(() => rand([batchSize, height, width], draw).mul(19).to({ dtype: 'int64' })),
  };
  const group = { parameters: model.parameters() };
  const learningRate = 1e-3;
  const common = {
    model,
    pixelLoss: crossEntropy,
    confidence: variance,
    reduction: 'valid',
    auxiliaryWeight: 0.4,
  };
  const plain = { ...common, optimizer: new Sgd([group], { learningRate }), reweighter: null };
  const weighted = {
    ...common,
    optimizer: new Sgd([group, arm.adversarialParameters()], { learningRate }),
    reweighter: arm,
  };
  const time = (players) => {
    const began = performance.now();
    tidy(() => trainStep(players, batch, { phase: 'joint', precision: 'bfloat16' }).objective.item());
    return (performance.now() - began) / 1000;
  };
  for (const players of [plain, weighted, plain, weighted]) time(players);
  const seconds = { plain: [], weighted: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? ['plain', 'weighted'] : ['weighted', 'plain'];
    for (const who of order) seconds[who].push(time(who === 'plain' ? plain : weighted));
  }
  const shares = seconds.weighted.map((value, round) => 100 * (value / seconds.plain[round] - 1));
  const row = {
    case: `a step, ${nameOf(setting)}`,
    crossEntropy: rounded(median(seconds.plain)),
    arm: rounded(median(seconds.weighted)),
    unit: 'seconds a step',
    overheadPercent: rounded(median(shares)),
    overheadQuartiles: quartiles(shares).map(rounded),
  };
  for (const each of [plain.optimizer, weighted.optimizer, model, arm, ...Object.values(batch), generator])
    each.dispose?.();
  console.log(
    `${row.case}: cross-entropy ${row.crossEntropy} s, ARM ${row.arm} s, ` +
      `overhead ${row.overheadPercent}% [${row.overheadQuartiles.join(', ')}]`,
  );
  return row;
}

/** The fused pass and the composition of stock operators, in turns: a row for each. */
function measurePass(shape, rounds) {
  const generator = new Generator(0);
  const arm = new Arm({ generator });
  const draw = () => rand(shape, { dtype: 'float32', generator });
  const input = {
    confidenceNHW: tidy(() => draw().mul(2).sub(1)),
    lossesNHW: draw(),
    validNHW: tidy(() => draw().lt(0.9)),
  };
  const milliseconds = { fused: [], stock: [] };
  for (let round = -2; round < rounds; round += 1) {
    for (const kernels of ['fused', 'stock']) {
      const began = performance.now();
      tidy(() => withKernels(kernels, () => arm.weigh(input).mul(input.lossesNHW).sum().backward()));
      if (round >= 0) milliseconds[kernels].push(performance.now() - began);
    }
  }
  for (const each of [arm, ...Object.values(input), generator]) each.dispose();
  return Object.entries(milliseconds).map(([kernels, values]) => {
    const row = {
      case: `ARM's pass alone, ${shape.join('×')}, ${kernels}`,
      milliseconds: rounded(median(values)),
      quartiles: quartiles(values).map(rounded),
    };
    console.log(`${row.case}: ${row.milliseconds} ms [${row.quartiles.join(', ')}]`);
    return row;
  });
}

const rounded = (value) => Math.round(value * 1e4) / 1e4;
