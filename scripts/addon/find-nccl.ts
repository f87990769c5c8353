/**
 * Finds the headers that c10d's NCCL collectives need to compile. The NCCL library itself is inside libtorch_cuda.
 */

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** NCCL's own header, and the CUDA headers that c10d's header includes. */
const neededHeaders = [
  'nccl.h',
  'cuda_runtime_api.h',
  'cublas_v2.h',
  'cublasLt.h',
  'cusparse.h',
  'cusolverDn.h',
];

/**
 * Returns header folders that together hold every needed header, or null when one is missing or libtorch has no CUDA;
 * collectives on GPU tensors then use Gloo. pip's nvidia packages, which a PyTorch with CUDA depends on, are searched
 * before a CUDA toolkit.
 *
 * @param torch the folder of the torch package, and whether it has CUDA
 * @param options.toolkit the folder that holds cuda_runtime.h beside nvcc
 */
export function findNccl(
  { folder, cuda }: { readonly folder: string; readonly cuda: boolean },
  { toolkit }: { readonly toolkit?: string | undefined } = {},
): string[] | null {
  if (!cuda) return null;
  const packages = join(dirname(folder), 'nvidia');
  const folders = [
    ...(existsSync(packages) ? readdirSync(packages).map((name) => join(packages, name, 'include')) : []),
    ...(toolkit ? [toolkit] : []),
    '/usr/include',
  ];
  const places = new Set<string>();
  for (const header of neededHeaders) {
    const place = folders.find((path) => existsSync(join(path, header)));
    if (place === undefined) return null;
    places.add(place);
  }
  // The compiler searches /usr/include by itself, and must do so last.
  places.delete('/usr/include');
  return [...places];
}
