/** Labels the image with ONNX Runtime, from the ONNX file that peer.py wrote, with all of its optimizations. */

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { peakMiB, readParameters, serveSteps } from '../support/program.js';
import type { PredictSetting } from './setting.js';

/** Describes the part of onnxruntime-node that is used here; the package is installed only for this bench. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(
      model: string,
      options: Readonly<Record<string, unknown>>,
    ): Promise<{ run(inputs: { images: unknown }): Promise<{ labels: { data: Iterable<bigint> } }> }>;
  };
  readonly Tensor: new (type: 'float32', values: Float32Array, shape: readonly number[]) => unknown;
}

const { height, width, threads, model, labels, runtime } = readParameters<
  PredictSetting & { labels: string; runtime: string }
>();
const { InferenceSession, Tensor } = createRequire(import.meta.url)(runtime) as OnnxRuntime;
const session = await InferenceSession.create(model, {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
});
const bytes = readFileSync(`${model}.image`);
const pixels = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
const images = new Tensor('float32', pixels, [1, 3, height, width]);

const predict = async () => (await session.run({ images })).labels.data;

writeFileSync(labels, Uint8Array.from(await predict(), Number));

await serveSteps({ ready: true }, async (count) => {
  const seconds: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const began = performance.now();
    await predict();
    seconds.push((performance.now() - began) / 1000);
  }
  return { seconds, peakMiB: peakMiB() };
});
