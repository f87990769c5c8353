/** Dispatcher operators as functions on handles, bound on first call. */

import { type NativeOperator, native } from './native.js';

/** `operator('aten::add', 'Tensor')` takes and returns what the schema says, tensors as handles. */
export function operator(name: string, overload = ''): NativeOperator {
  let bound: NativeOperator | undefined;
  return (...values) => {
    bound ??= native().bindOperator(name, overload);
    return bound(...values);
  };
}
