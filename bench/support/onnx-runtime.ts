/**
 * Runs ONNX files with ONNX Runtime. onnxruntime-node is no dependency of this package: a bench measures it once it has
 * been installed beside the results of quick runs, which needs npm's registry alone:
 *
 *   npm install --prefix build/bench/onnxruntime --ignore-scripts onnxruntime-node
 */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { project } from './project.js';

const folder = join(project, 'build', 'bench', 'onnxruntime', 'node_modules', 'onnxruntime-node');

/** Describes the part of onnxruntime-node that is used here. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: string, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'float32', values: Float32Array, shape: readonly number[]) => unknown;
}

interface OnnxSession {
  run(
    inputs: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, { readonly data: ArrayLike<number | bigint> }>>>;
}

/** Returns the version of onnxruntime-node, or null and a message where it is not installed for benches. */
export function onnxRuntimeVersion(): string | null {
  if (existsSync(folder)) {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
  }
  console.log('onnxruntime-node is not installed for this bench; see bench/support/onnx-runtime.ts');
  return null;
}

/**
 * Loads an ONNX file with all optimizations, and an input named `images` of the given shape from the float32 numbers in
 * the file `MODEL.image`. Returns a function that runs the network once and returns its outputs by name.
 */
export async function loadOnnx(
  model: string,
  { shape, threads }: { readonly shape: readonly number[]; readonly threads: number },
) {
  const { InferenceSession, Tensor } = createRequire(import.meta.url)(folder) as OnnxRuntime;
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const bytes = readFileSync(`${model}.image`);
  const pixels = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const images = new Tensor('float32', pixels, shape);
  return () => session.run({ images });
}
