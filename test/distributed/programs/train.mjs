/**
 * Trains small networks on generated batches, of which each rank has its part and a single process the whole. Rank 0
 * writes its state to a file, which the test compares.
 */
import { createHash } from 'node:crypto';
import { configSchema } from 'coarsely/config';
import { BatchNorm2d, Dropout2d } from 'coarsely/nn';
import { Generator, noGrad, randn, tidy, writeSafetensors } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { asRank, options } from './as-rank.mjs';
import './small-backbone.mjs';

const [height, width] = [32, 48];
const classCount = 5;
/** Of the six images, each lacks one class. */
const imageClasses = Uint8Array.from({ length: 6 * classCount }, (_, place) =>
  place % classCount === Math.floor(place / classCount) % classCount ? 0 : 1,
);

/** Returns a value in [0, 1) that looks random and depends on its arguments alone. */
function noise(...places) {
  const value = Math.sin(
    places.reduce((sum, place, index) => sum + (place + 1) * (12.9898 + 65.233 * index), 0),
  );
  return Math.abs(value * 43758.5453) % 1;
}

/** Returns images [first, first + count) of the batch of a step. Labels follow the colors; some pixels are ignored. */
function batchOf(step, { first, count, stream = 0 }) {
  const images = new Float32Array(count * 3 * height * width);
  const labels = new Uint8Array(count * height * width);
  const origins = [];
  for (let image = 0; image < count; image++) {
    const position = first + image;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const label = (Math.floor(x / 12) + Math.floor(y / 11) + position + step) % classCount;
        // The ranks have different numbers of labeled pixels, so that a mean of means would be wrong.
        const ignored = x < 4 * position || noise(position, x, y, stream) < 0.05;
        labels[(image * height + y) * width + x] = ignored ? 255 : label;
        for (let channel = 0; channel < 3; channel++) {
          const color = noise(label, channel) - 0.5 + 2 * noise(step, position, x, y, channel, stream);
          images[((image * 3 + channel) * height + y) * width + x] = color;
        }
      }
    }
    const index = (position + step) % 6;
    origins.push({ index, left: 0.1, top: 0, right: 0.9, bottom: 0.8, mirrored: position % 2 === 1 });
  }
  return { images, labels, height, width, origins };
}

function configOf({ model = {}, training = {}, data = {}, clean = false, ...rest }) {
  return configSchema.parse({
    threads: 1,
    precision: 'float32',
    data: {
      root: '/nowhere',
      ...data,
      ...(clean && { clean: { split: 'train', labels: 'fine', count: 4 } }),
    },
    model: {
      backbone: { kind: 'small' },
      head: { kind: 'deeplabv3plus', channels: 16 },
      auxiliary: { channels: 16 },
      ...model,
    },
    ...rest,
    training: { iterations: 40, batchSize: 4, ...training },
  });
}

await asRank(async (processGroup) => {
  const results = {};
  for (const [name, run] of Object.entries(options.runs)) results[name] = train(run, processGroup);
  return results;
});

function train(
  { config: given, steps = 4, file, clean = false, dropout = false, resumeAt = null, byRank = [] },
  processGroup,
) {
  const config = configOf({ ...given, ...byRank[processGroup?.rank], clean });
  const { rank, worldSize } = processGroup ?? { rank: 0, worldSize: 1 };
  const count = config.training.batchSize / worldSize;
  const share = { first: rank * count, count };
  let trainer = new Trainer(config, { classCount, datasetLength: 6, imageClasses, processGroup });
  roughen(trainer.components.model);
  // Dropout masks are drawn for the batch of a process, so several processes cannot draw those of a single one.
  if (!dropout) withoutDropout(trainer);
  const operations = [];
  if (processGroup) countOperations(processGroup, operations);
  const losses = [];
  const keptShares = [];
  const correctedShares = [];
  for (let step = 0; step < steps; step++) {
    if (step === resumeAt) trainer = resumed(trainer, { config, processGroup });
    const batch = batchOf(step, share);
    const taken = trainer.step({ ...batch, ...(clean && { clean: batchOf(step, { ...share, stream: 1 }) }) });
    correctedShares.push(trainer.components.correction?.correctedShare ?? null);
    keptShares.push(trainer.components.reweighter?.keptShare ?? null);
    losses.push(
      Object.fromEntries(Object.entries(taken).map(([part, loss]) => [part, loss?.item() ?? null])),
    );
    for (const loss of Object.values(taken)) loss?.dispose();
  }
  if (processGroup) delete processGroup.guard;
  const digests = { learned: createHash('sha256'), generator: createHash('sha256') };
  tidy(() => {
    const state = trainer.state();
    for (const [part, tensor] of state)
      digests[part === 'generator' ? part : 'learned'].update(tensor.toBytes());
    if (file && rank === 0) writeSafetensors(file, state);
  });
  trainer.dispose();
  return {
    losses,
    keptShares,
    correctedShares,
    backwards: operations.filter((operation) => operation === 'backward').length,
    learned: digests.learned.digest('hex'),
    generator: digests.generator.digest('hex'),
  };
}

/**
 * Gives normalizations a bias. Where a channel is constant, normalization without a bias gives 0 up to rounding, and
 * ReLU then passes or stops whole gradients depending on the order of sums.
 */
function roughen(model) {
  const generator = new Generator(1);
  tidy(() =>
    noGrad(() => {
      for (const part of model.namedModules().values()) {
        if (!(part instanceof BatchNorm2d)) continue;
        part.bias.add_(randn(part.bias.shape, { dtype: 'float32', generator }), { alpha: 0.5 });
      }
    }),
  );
  generator.dispose();
}

function withoutDropout({ components }) {
  for (const part of components.model.namedModules().values()) if (part instanceof Dropout2d) part.eval();
}

/** Returns a trainer with the state of another one. */
function resumed(before, { config, processGroup }) {
  const after = new Trainer(config, { classCount, datasetLength: 6, imageClasses, processGroup });
  tidy(() => after.loadState(before.state(), before.stepsTaken));
  before.dispose();
  return after;
}

function countOperations(processGroup, operations) {
  const { guard } = Object.getPrototypeOf(processGroup);
  processGroup.guard = function counted(operation, body) {
    operations.push(operation);
    return guard.call(this, operation, body);
  };
}
