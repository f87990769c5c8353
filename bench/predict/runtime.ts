/** Labels the image with ONNX Runtime, from the ONNX file that peer.py wrote, with all of its optimizations. */

import { writeFileSync } from 'node:fs';
import { loadOnnx } from '../support/onnx-runtime.js';
import { peakMiB, readParameters, secondsOfAsync, serveSteps } from '../support/program.js';
import type { PredictSetting } from './setting.js';

const { height, width, threads, model, labels } = readParameters<PredictSetting & { labels: string }>();
const run = await loadOnnx(model, { shape: [1, 3, height, width], threads });

const predict = async () => (await run()).labels?.data ?? [];

writeFileSync(labels, Uint8Array.from(await predict(), Number));

await serveSteps({ ready: true }, async (count) => ({
  seconds: await secondsOfAsync(count, predict),
  peakMiB: peakMiB(),
}));
