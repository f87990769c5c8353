/** Trains a head on rows of features that are random numbers around a mean of their class: our side of the quick bench. */

import { featureRows, trainHead } from 'coarsely/quick';
import { engine, Generator, randn, setThreads, tensorFrom, tidy } from 'coarsely/torch';
import { peakMiB, readParameters, secondsOf, serveSteps } from '../support/program.js';
import type { HeadSetting } from './setting.js';

const { rows, channels, classCount, hidden, drawn, steps, threads, precision, reweighter } = readParameters<
  HeadSetting & { precision: 'float32' | 'bfloat16'; reweighter: 'arm' | null }
>();
setThreads(threads);
const generator = new Generator(0);
const labels = Uint8Array.from({ length: rows }, (_, row) => (row * 7919) % classCount);
const features = tidy(() => {
  const means = randn([classCount, channels], { dtype: 'float32', generator });
  const classes = tensorFrom(BigInt64Array.from(labels, BigInt), { dtype: 'int64', shape: [rows] });
  const noise = randn([rows, channels], { dtype: 'float32', generator });
  return noise.mul(3).add_(means.indexSelect(0, classes)).to({ dtype: 'float16' });
});
const table = featureRows({ features, labels });

function train(): void {
  const settings = { hidden: [hidden], pixels: drawn, classCount, seed: 0, steps, precision };
  trainHead(table, { ...settings, reweighter: reweighter && { kind: reweighter } }).dispose();
}

await serveSteps({ torch: engine().version }, (count) => ({
  seconds: Array.from({ length: count }, () => secondsOf(train)),
  peakMiB: peakMiB(),
}));
