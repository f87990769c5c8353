/** Computes the features of peer.py's images by our MobileNetV2, batch normalizations folded. */

import { writeFileSync } from 'node:fs';
import { MobileNet } from 'coarsely/models';
import {
  autocast,
  engine,
  Generator,
  noGrad,
  readStateDict,
  scope,
  setThreads,
  type Tensor,
  tidy,
} from 'coarsely/torch';
import { FoldedConvolutions } from '#nn/internal.js';
import { peakMiB, readParameters, secondsOf, serveSteps } from '../support/program.js';
import type { FeatureSetting } from './setting.js';

const { outputStride, threads, start, outputs, precision } = readParameters<
  FeatureSetting & { precision: 'float32' | 'bfloat16'; outputs: string }
>();
setThreads(threads);
const backbone = new MobileNet('mobilenet_v2', { outputStride, generator: new Generator(0) });
const { tensors } = readStateDict(start);
const state = new Map<string, Tensor>();
for (const name of backbone.stateDict().keys()) {
  const [published] = [backbone.publishedName(name)].flat();
  const tensor = tensors.get(`model.${published}`);
  if (tensor) state.set(name, tensor);
}
backbone.loadStateDict(state);
backbone.to({ memoryFormat: 'channels-last' }).eval();
const images = tensors.get('images')?.to({ memoryFormat: 'channels-last' });
if (!images) throw new Error(`${start} holds no tensor images`);
const folded = new FoldedConvolutions({ dtype: precision });

function compute(): readonly Tensor[] {
  const run = () => folded.run(() => backbone.forward(images as Tensor, { stem: true }));
  // The stem is last of ours and first of the peer's.
  const [stage1, stage2, stage3, stage4, stem] = noGrad(() =>
    precision === 'bfloat16' ? autocast({ dtype: 'bfloat16' }, run) : run(),
  );
  return [stem, stage1, stage2, stage3, stage4] as readonly Tensor[];
}

{
  using _written = scope();
  const numbers = compute().map((tap) => tap.to({ dtype: 'float32' }).contiguous().toTypedArray());
  writeFileSync(outputs, Buffer.concat(numbers.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
}

await serveSteps({ torch: engine().version }, (count) => ({
  seconds: Array.from({ length: count }, () => secondsOf(() => tidy(() => void compute()))),
  peakMiB: peakMiB(),
}));
