/** Takes steps of a fixed batch when told to, alone or as a rank of several: one process of the scaling bench. */

import { configSchema } from 'coarsely/config';
import { ProcessGroup, readRankEnvironment } from 'coarsely/distributed';
import { engine, setThreads, zeros } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { readParameters, secondsOf, serveSteps } from '../support/program.js';
import { syntheticBatch } from '../support/training.js';
import type { RankReady, RankSetting } from './index.js';

const { threads, batchSize, height, width, classCount, precision } = readParameters<RankSetting>();
setThreads(threads);
const environment = readRankEnvironment();
const processGroup = environment && ProcessGroup.join(environment, { timeoutSeconds: 120 });
const config = configSchema.parse({
  precision,
  threads,
  data: { root: '.', augmentation: { cropSize: [height, width] } },
  reweighter: { kind: 'arm' },
  training: { batchSize },
});
const trainer = new Trainer(config, { classCount, datasetLength: batchSize, processGroup });
const parameters = trainer.components.model.parameters();
const count = batchSize / (processGroup?.worldSize ?? 1);
const batch = syntheticBatch({ count, height, width, classCount });

function step(): void {
  const losses = trainer.step(batch);
  losses.objective.item();
  for (const each of Object.values(losses)) each?.dispose();
}

/** Returns the seconds of one all-reduce of as many floats as the gradients have. */
function measureAllReduce(processGroup: ProcessGroup, length: number): number {
  const tensor = zeros([length], { dtype: 'float32' });
  processGroup.allReduce_(tensor);
  processGroup.barrier();
  const repeats = 3;
  const seconds = secondsOf(() => {
    for (let repeat = 0; repeat < repeats; repeat += 1) processGroup.allReduce_(tensor);
  });
  tensor.dispose();
  return seconds / repeats;
}

const length = parameters.reduce((sum, { numel }) => sum + numel, 0);
const ready: RankReady = {
  torch: engine().version,
  gradientBytes: 4 * length,
  allReduceSeconds: processGroup && measureAllReduce(processGroup, length),
};
await serveSteps(ready, (steps) => ({ seconds: Array.from({ length: steps }, () => secondsOf(step)) }));
trainer.dispose();
processGroup?.close();
