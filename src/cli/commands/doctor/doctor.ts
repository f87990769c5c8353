/** `coarsely doctor` shows what this machine offers, and checks that it computes a gradient correctly. */

import { availableParallelism, totalmem } from 'node:os';
import { Command } from 'commander';
import { EngineError } from '../../../errors/index.js';
import { counted, formatBytes, formatNumber } from '../../../format/index.js';

const example = `
Example:
  $ coarsely doctor
  $ COARSELY_TORCH=/path/to/venv/lib/python3.11/site-packages/torch coarsely doctor`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show the engine, versions and threads, and check a small forward and backward pass')
    .addHelpText('after', example)
    .action(doctor);
}

async function doctor(): Promise<void> {
  const print = (rows: readonly (readonly [string, string])[]) =>
    process.stdout.write(`${rows.map(([name, value]) => `${name.padEnd(18)}${value}`).join('\n')}\n`);
  print([
    ['node', `${process.version} on ${process.platform} ${process.arch}`],
    ['processor', `${counted(availableParallelism(), 'core')}, ${formatBytes(totalmem())} memory`],
  ]);
  const torch = await import('../../../torch/index.js');
  torch.setThreads(availableParallelism());
  const { version, key, folder, threads, cudaDevices, bfloat16Fast } = torch.engine();
  print([
    ['engine', `libtorch ${version} (${key})`],
    ['found in', folder],
    ['threads', `${threads}, one for each core`],
    ['cuda', cudaDevices === 0 ? 'none' : counted(cudaDevices, 'device')],
    ['bfloat16', bfloat16Fast ? 'fast: precision auto uses it' : 'slow here: precision auto uses float32'],
  ]);
  const devices = cudaDevices === 0 ? (['cpu'] as const) : (['cpu', 'cuda'] as const);
  print(devices.map((device) => [`gradient (${device})`, checkGradient(torch, device)]));
  print([
    ['matrix product', matrixProductRate(torch)],
    ['ImageNet weights', await weightsHere()],
    ['stored features', await storedFeatures()],
  ]);
}

/** Names the backbones whose ImageNet weights are on this machine. */
async function weightsHere(): Promise<string> {
  const { findWeights, publishedFiles, weightsFolder } = await import('../../../models/internal.js');
  try {
    const kinds = [...publishedFiles.values()].filter((file) => findWeights(file) !== null);
    if (kinds.length > 0) return `of ${kinds.map(({ kind }) => kind).join(', ')}`;
    return `none yet in ${weightsFolder()}; a run that needs some fetches them, and so does coarsely weights KIND`;
  } catch (error) {
    // A variable that names no folder, or a file that cannot be read, stops those who need weights.
    return error instanceof Error ? error.message : String(error);
  }
}

/** Says how large the folder of features is that quick runs keep, and where. */
async function storedFeatures(): Promise<string> {
  const { featureCacheFolder, measureFeatureCache } = await import('../../../quick/internal.js');
  const folder = featureCacheFolder();
  const { files, bytes } = measureFeatureCache(folder);
  if (files === 0) return `none (quick runs keep them in ${folder})`;
  return `${formatBytes(bytes)} in ${counted(files, 'file')} below ${folder}; delete it to free the space`;
}

type Torch = typeof import('../../../torch/index.js');

/**
 * Convolves ones with a 3×3 kernel of ones, squares and sums: each of the nine weights has the same known gradient.
 *
 * @throws {EngineError} when sum or gradient are wrong
 */
function checkGradient({ ones, ops, scope }: Torch, device: 'cpu' | 'cuda'): string {
  using _temporaries = scope();
  const image = ones([1, 1, 8, 8], { dtype: 'float32', device });
  const weight = ones([1, 1, 3, 3], { dtype: 'float32', device }).requiresGrad_();
  const response = ops.conv2d(image, weight);
  response.square().sum().backward();
  // 36 responses of 9 each: the sum of squares is 2916, and each weight's gradient 36 · 2 · 9 = 648.
  const sum = response.square().sum().item();
  const gradients = Array.from(weight.grad?.to({ device: 'cpu' }).toTypedArray() ?? [], Number);
  if (sum === 2916 && gradients.length === 9 && gradients.every((gradient) => gradient === 648)) {
    return 'forward and backward of a convolution: correct';
  }
  throw new EngineError(
    `doctor: a convolution on ${device} should give 2916 and nine gradients of 648, received ${sum} and ` +
      `[${gradients.join(', ')}]; this build of libtorch does not compute correctly`,
  );
}

/** Measures the speed of a matrix product: without a BLAS library it is thirty times lower, and nothing else would show it. */
function matrixProductRate({ Generator, randn, scope }: Torch): string {
  using _temporaries = scope();
  using generator = new Generator(0);
  const size = 768;
  const matrix = randn([size, size], { dtype: 'float32', generator });
  matrix.matmul(matrix).sum().item();
  const repetitions = 5;
  const start = performance.now();
  for (let index = 0; index < repetitions; index++) matrix.matmul(matrix).sum().item();
  const seconds = (performance.now() - start) / 1000;
  const rate = (repetitions * 2 * size ** 3) / seconds / 1e9;
  const advice =
    rate < 15 ? '; slow unless the machine is busy: on Debian, install libopenblas0-pthread' : '';
  return `${formatNumber(rate, { decimals: 0 })} GFLOP/s in float32${advice}`;
}
