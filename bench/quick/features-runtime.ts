/** Computes the features with ONNX Runtime, from the ONNX file that peer.py wrote, with all of its optimizations. */

import { writeFileSync } from 'node:fs';
import { loadOnnx } from '../support/onnx-runtime.js';
import { peakMiB, readParameters, secondsOfAsync, serveSteps } from '../support/program.js';
import type { FeatureSetting } from './setting.js';

const { batch, height, width, threads, model, outputs } = readParameters<
  FeatureSetting & { outputs: string }
>();
const run = await loadOnnx(model, { shape: [batch, 3, height, width], threads });

const taps = Object.values(await run()).map(({ data }) =>
  Buffer.from(Float32Array.from(data, Number).buffer),
);
writeFileSync(outputs, Buffer.concat(taps));

await serveSteps({ ready: true }, async (count) => ({
  seconds: await secondsOfAsync(count, run),
  peakMiB: peakMiB(),
}));
