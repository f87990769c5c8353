/** Finds the parameters of a network that learn: those of frozen parts do not. */

import type { Module, Parameter } from '../nn/index.js';

/** Returns the parameters that get a gradient. */
export function learningParameters(module: Module): Parameter[] {
  return module.parameters().filter((parameter) => parameter.requiresGrad);
}
