/** Implements `coarsely doctor`, which shows the engine and checks that a gradient is computed correctly. */

import { availableParallelism, totalmem } from 'node:os';
import { Command } from 'commander';
import { EngineError } from '../../../errors/index.js';
import { formatBytes } from '../../../format/index.js';

const example = `
Example:
  $ coarsely doctor
  $ COARSELY_TORCH=/path/to/venv/lib/python3.11/site-packages/torch coarsely doctor`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show the engine, versions and threads, and run a tiny forward and backward pass')
    .addHelpText('after', example)
    .action(doctor);
}

async function doctor(): Promise<void> {
  const print = (rows: readonly (readonly [string, string])[]) =>
    process.stdout.write(`${rows.map(([name, value]) => `${name.padEnd(18)}${value}`).join('\n')}\n`);
  print([
    ['node', `${process.version} on ${process.platform} ${process.arch}`],
    ['processor', `${availableParallelism()} cores, ${formatBytes(totalmem())} memory`],
  ]);
  const torch = await import('../../../torch/index.js');
  torch.setThreads(availableParallelism());
  const { version, key, folder, threads, cudaDevices, bfloat16Fast } = torch.engine();
  print([
    ['engine', `libtorch ${version} (${key})`],
    ['found in', folder],
    ['threads', `${threads}, one for each core`],
    ['cuda', cudaDevices === 0 ? 'none' : `${cudaDevices} device${cudaDevices === 1 ? '' : 's'}`],
    ['bfloat16', bfloat16Fast ? 'fast: precision auto uses it' : 'slow here: precision auto uses float32'],
  ]);
  const devices = cudaDevices === 0 ? (['cpu'] as const) : (['cpu', 'cuda'] as const);
  const rows = await Promise.all(
    devices.map(async (device) => [device, await gradientCheck(device)] as const),
  );
  print(rows.map(([device, result]) => [`gradient (${device})`, result] as const));
  print([['matrix product', matrixProductRate(torch)]]);
}

type Torch = typeof import('../../../torch/index.js');

/** Computes a 3×3 convolution over ones, squared and summed: each of the nine weights has the same known gradient. */
async function gradientCheck(device: 'cpu' | 'cuda'): Promise<string> {
  const { ones, ops, scope } = await import('../../../torch/index.js');
  using _temporaries = scope();
  const image = ones([1, 1, 8, 8], { dtype: 'float32', device });
  const weight = ones([1, 1, 3, 3], { dtype: 'float32', device }).requiresGrad_();
  const response = ops.conv2d(image, weight);
  response.square().sum().backward();
  // 36 responses of 9 each: the sum of squares is 2916, and each weight's gradient 36 · 2 · 9 = 648.
  const sum = response.square().sum().item();
  const gradients = Array.from(weight.grad?.to({ device: 'cpu' }).toTypedArray() ?? [], Number);
  if (sum === 2916 && gradients.length === 9 && gradients.every((gradient) => gradient === 648)) {
    return 'forward and backward of a convolution: right';
  }
  throw new EngineError(
    `doctor: a convolution on ${device} should give 2916 and nine gradients of 648, received ${sum} and ` +
      `[${gradients.join(', ')}]; this build of libtorch does not compute correctly`,
  );
}

/**
 * Measures the speed of a matrix product and formats it as text. Without a BLAS library it is more than thirty times
 * slower, which nothing else would show.
 */
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
  return `${Math.round(rate)} GFLOP/s in float32${advice}`;
}
