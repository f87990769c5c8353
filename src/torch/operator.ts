/** Binds operators of libtorch's dispatcher as functions. */

import { type NativeOperator, native } from './native.js';

/**
 * Returns the operator `name.overload` as a function of handles and plain values, in the order of its schema. It is
 * looked up on the first call, so that importing this package needs no libtorch.
 */
export function operator(name: string, overload = ''): NativeOperator {
  let bound: NativeOperator | undefined;
  return (...values) => {
    bound ??= native().bindOperator(name, overload);
    return bound(...values);
  };
}
