/** Starts a network from a run and takes steps, each rank with its part of the batches. */
import { createHash } from 'node:crypto';
import { configSchema } from 'coarsely/config';
import { Dropout2d } from 'coarsely/nn';
import { tidy } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { asRank, options } from './as-rank.mjs';

const [height, width] = [32, 32];

await asRank((processGroup) => {
  const { names, steps } = options;
  const config = configSchema.parse(options.config);
  const { rank, worldSize } = processGroup ?? { rank: 0, worldSize: 1 };
  const count = config.training.batchSize / worldSize;
  const notices = [];
  const trainer = new Trainer(config, {
    classCount: names.length,
    classNames: names,
    datasetLength: 8,
    processGroup,
    onNotice: (notice) => notices.push(notice),
  });
  for (const part of trainer.components.model.namedModules().values())
    if (part instanceof Dropout2d) part.eval();
  const before = digests(trainer);
  const objectives = [];
  for (let step = 0; step < steps; step++) {
    const losses = trainer.step(batchOf(step, { first: rank * count, count, classCount: names.length }));
    objectives.push(losses.objective.item());
    for (const loss of Object.values(losses)) loss?.dispose();
  }
  const after = digests(trainer);
  trainer.dispose();
  return { objectives, before, after, notices };
});

function digests({ components }) {
  return tidy(() =>
    Object.fromEntries(
      [...components.model.stateDict()].map(([name, tensor]) => [
        name,
        createHash('sha1').update(tensor.toBytes()).digest('hex'),
      ]),
    ),
  );
}

/** Returns images [first, first + count) of the batch of a step. */
function batchOf(step, { first, count, classCount }) {
  const area = height * width;
  const images = Float32Array.from({ length: count * 3 * area }, (_, place) =>
    Math.sin((place + first * 3 * area) * 12.9898 + step * 78.233),
  );
  const labels = Uint8Array.from(
    { length: count * area },
    (_, pixel) => (Math.floor((pixel + first * area) / 37) + step) % classCount,
  );
  return { images, labels, height, width };
}
