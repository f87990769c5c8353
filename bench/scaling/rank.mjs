// One process of the scaling bench: takes steps of a fixed batch when told to, alone or as a rank of several.

import { createInterface } from 'node:readline';
import { configSchema } from 'coarsely/config';
import { ProcessGroup, readRankEnvironment } from 'coarsely/distributed';
import { engine, setThreads, zeros } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';

const { threads, batchSize, height, width, classCount, precision } = JSON.parse(process.argv[2]);
setThreads(threads);
const environment = readRankEnvironment();
const group = environment && ProcessGroup.join(environment, { timeoutSeconds: 120 });
const config = configSchema.parse({
  precision,
  threads,
  data: { root: '.', augmentation: { cropSize: [height, width] } },
  reweighter: { kind: 'arm' },
  training: { batchSize },
});
const trainer = new Trainer(config, { classCount, datasetLength: batchSize, group });
const parameters = trainer.players.model.parameters();
const share = batchSize / (group?.worldSize ?? 1);
const pixels = share * height * width;
const batch = {
  images: Float32Array.from({ length: 3 * pixels }, (_, at) => Math.sin(at / 7)),
  labels: Uint8Array.from({ length: pixels }, (_, at) => Math.floor(at / 37) % classCount),
  height,
  width,
};

function step() {
  const began = performance.now();
  const losses = trainer.step(batch);
  const loss = losses.objective.item();
  for (const each of Object.values(losses)) each?.dispose();
  return { seconds: (performance.now() - began) / 1000, loss };
}

/** Seconds of one all-reduce of as many floats as the gradients have. */
function allReduceSeconds(numbers) {
  const tensor = zeros([numbers], { dtype: 'float32' });
  group.allReduce_(tensor);
  group.barrier();
  const began = performance.now();
  for (let time = 0; time < 3; time += 1) group.allReduce_(tensor);
  const seconds = (performance.now() - began) / 3000;
  tensor.dispose();
  return seconds;
}

const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const numbers = parameters.reduce((sum, { numel }) => sum + numel, 0);
tell({
  torch: engine().version,
  gradientBytes: 4 * numbers,
  allReduceSeconds: group ? allReduceSeconds(numbers) : null,
});
for await (const line of createInterface({ input: process.stdin })) {
  const steps = Array.from({ length: Number(line.split(' ')[1]) }, step);
  tell({ seconds: steps.map(({ seconds }) => seconds), losses: steps.map(({ loss }) => loss) });
}
trainer.dispose();
group?.close();
