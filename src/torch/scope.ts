/**
 * Scopes: the only lifetime mechanism. V8's collector does not see native memory, so a training step runs in a scope
 * that frees every tensor made inside, save what it keeps. Scopes are synchronous and per thread.
 */

import { OperationError } from '../errors/index.js';
import { type Handle, native } from './native.js';

let innermost: Scope | null = null;

/** What a scope can own: anything with a handle. */
export interface Owned {
  readonly id: Handle;
}

/** Made by `scope()`; ends at the close of the block that holds it with `using`. */
export class Scope implements Disposable {
  readonly #parent: Scope | null = innermost;
  readonly #owned: Handle[] = [];
  readonly #kept = new Set<Handle>();
  #ended = false;

  constructor() {
    innermost = this;
  }

  /** Hands a tensor to the enclosing scope (or to the caller, where there is none). Returns it. */
  keep<T extends Owned>(tensor: T): T {
    this.#kept.add(tensor.id);
    return tensor;
  }

  /** @internal */
  own(handle: Handle): void {
    this.#owned.push(handle);
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    if (innermost !== this) {
      throw new OperationError(
        'scope: disposed while a scope inside it is still open; scopes end in the reverse order of their beginning',
      );
    }
    this.#ended = true;
    innermost = this.#parent;
    if (this.#kept.size === 0) {
      native().disposeAll(this.#owned);
      return;
    }
    const freed: Handle[] = [];
    for (const handle of this.#owned) {
      if (this.#kept.has(handle)) this.#parent?.own(handle);
      else freed.push(handle);
    }
    native().disposeAll(freed);
  }
}

/** Opens a scope: `using step = scope(); ... return step.keep(loss);` */
export function scope(): Scope {
  return new Scope();
}

/**
 * The callback form: frees what `body` made, save the tensor that it returns.
 * @throws OperationError when `body` is asynchronous: a scope cannot span a pause
 */
export function tidy<T>(body: () => T): T {
  using inner = scope();
  const result = body();
  rejectPromise(result, 'tidy');
  if (isOwned(result)) inner.keep(result);
  return result;
}

/** Modes and scopes belong to one thread and one synchronous stretch of it. */
export function rejectPromise(result: unknown, operation: string): void {
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new OperationError(
      `${operation}: expected a synchronous callback, received one that returns a Promise`,
    );
  }
}

/** @internal Registers a fresh handle with the innermost scope. */
export function adopt(handle: Handle): void {
  innermost?.own(handle);
}

function isOwned(value: unknown): value is Owned {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number';
}
