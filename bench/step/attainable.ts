/**
 * Measures what the machine's arithmetic attains at its best: one large convolution alone, forward and backward, in
 * GFLOP/s.
 *
 *   node build/bench/step/attainable.js '{"precision":"bfloat16","threads":2}'
 */

import { Generator, ops, randn, setThreads, tidy } from 'coarsely/torch';
import { readParameters } from '../support/program.js';

const { precision, threads } = readParameters<{ precision: 'float32' | 'bfloat16'; threads: number }>();
setThreads(threads);
const generator = new Generator(0);
const [count, channels, height, width, kernel] = [4, 256, 64, 128, 3];
const draw = (shape: readonly number[]) =>
  randn(shape, { dtype: 'float32', generator }).contiguous({ memoryFormat: 'channels-last' }).requiresGrad_();
const input = draw([count, channels, height, width]);
const weight = draw([channels, channels, kernel, kernel]);
const operations = 3 * 2 * count * height * width * channels * channels * kernel * kernel;

const rates: number[] = [];
for (let repeat = 0; repeat < 12; repeat += 1) {
  tidy(() => {
    // In bfloat16 throughout, so that no time goes to casting.
    const [images, filters] =
      precision === 'float32'
        ? [input, weight]
        : [input.to({ dtype: 'bfloat16' }), weight.to({ dtype: 'bfloat16' })];
    const began = performance.now();
    const output = ops.conv2d(images, filters, { padding: [1, 1] });
    output.backward({ gradient: output.detach() });
    rates.push(operations / (performance.now() - began) / 1e6);
    input.zeroGrad_();
    weight.zeroGrad_();
  });
}
console.log(JSON.stringify({ gigaflopsPerSecond: Math.max(...rates.slice(2)) }));
