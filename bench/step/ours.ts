/** Trains the network of peer.py, from the same starting point, with `trainStep`: our side of the step bench. */

import { BatchNorm2d } from 'coarsely/nn';
import { Arm } from 'coarsely/reweighting';
import { engine, Generator, readStateDict, setThreads, type Tensor, tidy } from 'coarsely/torch';
import { trainStep } from 'coarsely/training';
import { peakMiB, readParameters, serveSteps } from '../support/program.js';
import { createComponents, createDeepLab } from '../support/training.js';
import type { StepCase } from './cases.js';
import type { Objective } from './programs.js';

const { batchSize, precision, objective, threads, start, ...network } = readParameters<
  StepCase & { objective: Objective; start: string }
>();
setThreads(threads);
const generator = new Generator(0);
const { tensors } = readStateDict(start);

/** Returns the tensors whose names begin with `prefix`, named without it. */
function tensorsBelow(prefix: string): Map<string, Tensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

function tensorOf(name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`${start} holds no tensor ${name}`);
  return tensor;
}

const model = createDeepLab({ ...network, generator });
model.loadStateDict(tensorsBelow('model.'));
model.to({ memoryFormat: 'channels-last' });
if (batchSize === 1) {
  // One image has no variance over its globally pooled features: as in peer.py, their normalization uses its running
  // statistics.
  for (const [name, module] of model.namedModules()) {
    if (name.includes('imagePool') && module instanceof BatchNorm2d) module.eval();
  }
}
const arm = objective === 'arm' ? new Arm({ generator }) : null;
arm?.loadStateDict(tensorsBelow('arm.'));
const batch = {
  imagesNCHW: tensorOf('images').contiguous({ memoryFormat: 'channels-last' }),
  labelsNHW: tensorOf('labels').clone(),
};
for (const tensor of tensors.values()) tensor.dispose();
const components = createComponents(model, arm);

await serveSteps({ torch: engine().version }, (count) => {
  const seconds: number[] = [];
  const losses: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const began = performance.now();
    losses.push(tidy(() => trainStep(components, batch, { phase: 'joint', precision }).objective.item()));
    seconds.push((performance.now() - began) / 1000);
  }
  return { seconds, losses, peakMiB: peakMiB() };
});
