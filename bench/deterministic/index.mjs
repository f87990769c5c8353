// What `deterministic: true` costs: the same step with and without it, in turns, in one process.
//
//   npm run bench -- deterministic [--rounds 20] [--threads 2] [--device cuda]

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { configSchema } from 'coarsely/config';
import { engine, setDeterministic, setThreads } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { median, quartiles } from '../step/statistics.mjs';

export const options = {
  rounds: { type: 'string' },
  threads: { type: 'string' },
  device: { type: 'string', default: 'cpu' },
};

const reweighters = ['arm', 'closed-form-arm'];

export async function run({ rounds: wanted, threads: wantedThreads, device, quick }) {
  const rounds = Number(wanted ?? (quick ? 2 : 20));
  const threads = Number(wantedThreads ?? (quick ? 1 : availableParallelism()));
  const [height, width] = quick ? [64, 64] : [256, 512];
  setThreads(threads);
  const rows = reweighters.map((reweighter) =>
    measure({ reweighter, device, height, width, threads, rounds }),
  );
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    versions: { coarsely: version, node: process.versions.node, libtorch: engine().version },
    threads,
    rounds,
    rows,
  };
}

function measure({ reweighter, device, height, width, threads, rounds }) {
  const [batchSize, classCount] = [2, 19];
  const config = configSchema.parse({
    device,
    threads,
    data: { root: '.', augmentation: { cropSize: [height, width] } },
    reweighter: { kind: reweighter },
    training: { batchSize },
  });
  const trainer = new Trainer(config, { classCount, datasetLength: batchSize });
  const pixels = batchSize * height * width;
  const batch = {
    images: Float32Array.from({ length: 3 * pixels }, (_, at) => Math.sin(at / 7)),
    labels: Uint8Array.from({ length: pixels }, (_, at) => Math.floor(at / 37) % classCount),
    height,
    width,
  };
  const step = (deterministic) => {
    const before = setDeterministic(deterministic);
    const began = performance.now();
    const losses = trainer.step(batch);
    losses.objective.item();
    const seconds = (performance.now() - began) / 1000;
    for (const loss of Object.values(losses)) loss?.dispose();
    setDeterministic(before);
    return seconds;
  };
  for (const mode of [true, false, true, false]) step(mode);
  const [on, off] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    // Turning the order evens out what a step leaves behind for its successor.
    for (const mode of round % 2 === 0 ? [true, false] : [false, true]) (mode ? on : off).push(step(mode));
  }
  trainer.dispose();
  const ratios = on.map((seconds, round) => seconds / off[round]);
  const row = {
    case: `resnet18 with ${reweighter}, ${batchSize}×3×${height}×${width}, ${trainer.precision}, ${device}`,
    deterministicSeconds: rounded(median(on)),
    plainSeconds: rounded(median(off)),
    ratio: rounded(median(ratios)),
    ratioQuartiles: quartiles(ratios).map(rounded),
  };
  console.log(
    `${row.case}: ${row.deterministicSeconds} s with, ${row.plainSeconds} s without, ratio ${row.ratio} [${row.ratioQuartiles.join(', ')}]`,
  );
  return row;
}

const rounded = (value) => Math.round(value * 1e4) / 1e4;
