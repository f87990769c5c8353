/** The batch normalizations of a network over the batches of all processes at once, or each over its own. */
import { BatchNorm2d } from './batch-norm2d.js';
import type { Module } from './module.js';

/** Switches every `BatchNorm2d` in `module`; what else normalizes stays as it is. Returns how many there are. */
export function synchronizeBatchNorm(module: Module, on: boolean): number {
  const norms = [...module.namedModules().values()].filter((part) => part instanceof BatchNorm2d);
  for (const norm of norms) norm.synchronize(on);
  return norms.length;
}
