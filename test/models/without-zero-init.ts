/** Options of a backbone with which a gradient reaches every parameter from the first step. */

import { backbones } from 'coarsely/models';

/** Residual backbones start their blocks as the identity unless they are told not to; others have no such option. */
export function withoutZeroInit(kind: string): { readonly zeroInitResidual?: boolean } {
  const defaults = backbones.get(kind).options.parse({}) as object;
  return 'zeroInitResidual' in defaults ? { zeroInitResidual: false } : {};
}
