// Finds the headers that c10d's NCCL collectives take to compile. The library itself is inside libtorch_cuda.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** NCCL's own, and those of CUDA that c10d's header includes. */
const needed = ['nccl.h', 'cuda_runtime_api.h', 'cublas_v2.h', 'cublasLt.h', 'cusparse.h', 'cusolverDn.h'];

/**
 * Header folders that hold all of them together: pip's nvidia packages, which a PyTorch with CUDA brings along, and
 * those of a toolkit. Null where one is missing, or libtorch has no CUDA: tensors on a GPU then go through Gloo.
 *
 * @param {{ folder: string, cuda: boolean }} torch
 * @param {{ toolkit?: string | undefined }} [options] `toolkit` is the folder of cuda_runtime.h beside nvcc
 * @returns {string[] | null}
 */
export function findNccl({ folder, cuda }, { toolkit } = {}) {
  if (!cuda) return null;
  const packages = join(dirname(folder), 'nvidia');
  const folders = [
    ...(existsSync(packages) ? readdirSync(packages).map((name) => join(packages, name, 'include')) : []),
    ...(toolkit ? [toolkit] : []),
    '/usr/include',
  ];
  const places = needed.map((header) => folders.find((path) => existsSync(join(path, header))));
  if (places.includes(undefined)) return null;
  // The compiler looks into /usr/include by itself, and must do so last.
  return [...new Set(places)].filter((path) => path !== '/usr/include');
}
