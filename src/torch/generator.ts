/** Explicit, seeded random generators (PyTorch's Mersenne Twister): every random draw names the one it uses. */

import { tensorFrom } from './factories.js';
import { type Handle, native } from './native.js';
import { wrap } from './tensor.js';

export class Generator implements Disposable {
  readonly id: Handle;

  /** @param seed a non-negative safe integer */
  constructor(seed: number) {
    this.id = native().createGenerator(seed);
  }

  /** The whole state, for a checkpoint. */
  state(): Uint8Array {
    const state = wrap(native().generatorState(this.id));
    try {
      return state.toBytes();
    } finally {
      state.dispose();
    }
  }

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
