// Our side of the predict bench: the network of peer.py with its batch normalisations folded, labels from its own logits.

import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DeepLabV3Plus, foldBatchNorm, ResNet, Segmentor } from 'coarsely/models';
import { engine, Generator, ops, readStateDict, scope, setThreads, tidy } from 'coarsely/torch';

const { depth, outputStride, classCount, height, width, precision, threads, start, labels } = JSON.parse(
  process.argv[2],
);
setThreads(threads);
const generator = new Generator(0);
const backbone = new ResNet(depth, { outputStride, generator });
const head = new DeepLabV3Plus({ backbone, classCount, channels: 512, generator });
const model = new Segmentor({ backbone, head });
const { tensors } = readStateDict(start);
const below = [...tensors].filter(
  ([name]) => name.startsWith('model.') && !name.startsWith('model.auxiliary.'),
);
model.loadStateDict(new Map(below.map(([name, tensor]) => [name.slice('model.'.length), tensor])));
model.to({ memoryFormat: 'channels-last' }).eval();
const images = tensors.get('images').to({ memoryFormat: 'channels-last' });
const folded = foldBatchNorm(model, { dtype: precision });

const predict = () => ops.resizeArgmax(folded.forwardLogits(images).logitsNCHW, [height, width]);

function step() {
  const began = performance.now();
  tidy(() => void predict());
  return (performance.now() - began) / 1000;
}

const written = scope();
writeFileSync(labels, predict().to({ dtype: 'uint8' }).toTypedArray());
written[Symbol.dispose]();
const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

tell({ torch: engine().version });
for await (const line of createInterface({ input: process.stdin })) {
  const seconds = Array.from({ length: Number(line.split(' ')[1]) }, step);
  tell({ seconds, peakMiB: process.resourceUsage().maxRSS / 1024 });
}
