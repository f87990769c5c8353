/** Labels the image of peer.py with its network, batch normalizations folded: our side of the predict bench. */

import { writeFileSync } from 'node:fs';
import { foldBatchNorm } from 'coarsely/models';
import { engine, Generator, ops, readStateDict, scope, setThreads, tidy } from 'coarsely/torch';
import { peakMiB, readParameters, secondsOf, serveSteps } from '../support/program.js';
import { createDeepLab } from '../support/training.js';
import type { PredictSetting } from './setting.js';

const { height, width, precision, threads, start, labels, ...network } = readParameters<
  PredictSetting & { precision: 'float32' | 'bfloat16'; labels: string }
>();
setThreads(threads);
const model = createDeepLab({ ...network, generator: new Generator(0) });
const { tensors } = readStateDict(start);
const weights = [...tensors].filter(([name]) => name.startsWith('model.'));
model.loadStateDict(new Map(weights.map(([name, tensor]) => [name.slice('model.'.length), tensor])));
model.to({ memoryFormat: 'channels-last' }).eval();
const images = tensors.get('images')?.to({ memoryFormat: 'channels-last' });
if (!images) throw new Error(`${start} holds no tensor images`);
const folded = foldBatchNorm(model, { dtype: precision });

const predict = () => ops.resizeArgmax(folded.forwardLogits(images).logitsNCHW, [height, width]);

{
  using _written = scope();
  writeFileSync(labels, predict().to({ dtype: 'uint8' }).toTypedArray());
}

await serveSteps({ torch: engine().version }, (count) => ({
  seconds: Array.from({ length: count }, () => secondsOf(() => tidy(() => void predict()))),
  peakMiB: peakMiB(),
}));
