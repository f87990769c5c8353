// Our side of the step bench: the network and starting point of peer.py, trained by `trainStep`.

import { createInterface } from 'node:readline';
import { crossEntropy } from 'coarsely/losses';
import { DeepLabV3Plus, FcnHead, ResNet, Segmentor } from 'coarsely/models';
import { BatchNorm2d } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { Arm, variance } from 'coarsely/reweighting';
import { engine, Generator, readStateDict, setThreads, tidy } from 'coarsely/torch';
import { trainStep } from 'coarsely/training';

const { depth, outputStride, batchSize, classCount, precision, objective, threads, start, checkpoint } =
  JSON.parse(process.argv[2]);
setThreads(threads);
const generator = new Generator(0);
const { tensors } = await readStateDict(start);

/** The tensors below `prefix`, without it. */
const below = (prefix) =>
  new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );

const backbone = new ResNet(depth, { outputStride, generator });
const shared = { backbone, classCount, dropout: 0, generator };
const model = new Segmentor({
  backbone,
  head: new DeepLabV3Plus({ ...shared, channels: depth >= 50 ? 512 : 256 }),
  auxiliary: new FcnHead(shared),
});
model.loadStateDict(below('model.'));
model.to({ memoryFormat: 'channels-last' });
// As peer.py says: no statistics of one image's pooled features.
if (batchSize === 1) {
  for (const module of model.head.imagePool.namedModules().values()) {
    if (module instanceof BatchNorm2d) module.eval();
  }
}
const arm = objective === 'arm' ? new Arm({ generator }) : null;
arm?.loadStateDict(below('arm.'));
const batch = {
  imagesNCHW: tensors.get('images').contiguous({ memoryFormat: 'channels-last' }),
  labelsNHW: tensors.get('labels').clone(),
};
for (const tensor of tensors.values()) tensor.dispose();

const players = {
  model,
  optimizer: new Sgd([{ parameters: model.parameters() }, ...(arm ? [arm.adversarialParameters()] : [])], {
    learningRate: 1e-3,
  }),
  pixelLoss: crossEntropy,
  confidence: variance,
  reweighter: arm,
  reduction: 'valid',
  auxiliaryWeight: 0.4,
};

function step() {
  const began = performance.now();
  const loss = tidy(() =>
    trainStep(players, batch, { phase: 'joint', precision, checkpoint }).objective.item(),
  );
  return { seconds: (performance.now() - began) / 1000, loss };
}

const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

tell({ torch: engine().version });
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line.split(' ')[1]);
  const steps = Array.from({ length: count }, step);
  tell({
    seconds: steps.map(({ seconds }) => seconds),
    losses: steps.map(({ loss }) => loss),
    peakMiB: process.resourceUsage().maxRSS / 1024,
  });
}
