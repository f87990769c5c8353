// ONNX Runtime's side of the predict bench: the ONNX file that peer.py wrote, with all of its optimisations.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { height, width, threads, model, labels, runtime } = JSON.parse(process.argv[2]);
const { InferenceSession, Tensor } = createRequire(import.meta.url)(runtime);
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
const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

tell({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const seconds = [];
  for (let count = Number(line.split(' ')[1]); count > 0; count -= 1) {
    const began = performance.now();
    await predict();
    seconds.push((performance.now() - began) / 1000);
  }
  tell({ seconds, peakMiB: process.resourceUsage().maxRSS / 1024 });
}
