/** Wraps PyTorch's seeded random generators (Mersenne Twister). Every random draw names the generator that it uses. */

import { tensorFrom } from './factories.js';
import { type Handle, native } from './native.js';
import { wrap } from './tensor.js';

/** Draws random numbers on the CPU. It lives until `dispose()`; scopes do not own it. */
export class Generator implements Disposable {
  readonly id: Handle;

  /** @param seed a non-negative safe integer */
  constructor(seed: number) {
    this.id = native().createGenerator(seed);
  }

  /** Returns the state as bytes, with which `setState` continues the same sequence of draws. */
  state(): Uint8Array {
    const state = wrap(native().generatorState(this.id));
    try {
      return state.toBytes();
    } finally {
      state.dispose();
    }
  }

  /**
   * Continues from a state that `state()` returned.
   *
   * @throws {OperationError} when the bytes are not the state of a generator
   */
  setState(bytes: Uint8Array): void {
    const state = tensorFrom(bytes, { dtype: 'uint8', shape: [bytes.length] });
    try {
      native().setGeneratorState(this.id, state.id);
    } finally {
      state.dispose();
    }
  }

  dispose(): void {
    native().disposeGenerator(this.id);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
