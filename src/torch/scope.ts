/**
 * Scopes free tensors. V8's garbage collector does not see native memory, so a training step runs in a scope that frees
 * every tensor created in it except those that it keeps. Scopes are synchronous and belong to one thread.
 */

import { OperationError } from '../errors/index.js';
import { type Handle, native } from './native.js';

let innermost: Scope | null = null;
/** Collects the handles that no scope owns while `freeOnThrow` runs. */
let unowned: Handle[] | null = null;

/** Describes an object with a handle, which a scope can own. */
export interface Owned {
  readonly id: Handle;
}

/** Owns the tensors that are created while it is the innermost scope. `scope()` opens one. */
export class Scope implements Disposable {
  readonly #parent: Scope | null = innermost;
  readonly #owned: Handle[] = [];
  readonly #kept = new Set<Handle>();
  #ended = false;

  constructor() {
    innermost = this;
  }

  /** Hands the tensor to the enclosing scope, or to the caller when there is none, and returns it. */
  keep<T extends Owned>(tensor: T): T {
    this.#kept.add(tensor.id);
    return tensor;
  }

  /** @internal Hands every tensor of this scope to the enclosing one, or to the caller when there is none. */
  keepAll(): void {
    for (const handle of this.#owned) this.#kept.add(handle);
  }

  /** @internal Adds a handle to those that this scope frees. */
  own(handle: Handle): void {
    this.#owned.push(handle);
  }

  /**
   * Ends the scope and frees what it does not keep.
   *
   * @throws {OperationError} when a scope inside this one is still open
   */
  [Symbol.dispose](): void {
    if (this.#ended) return;
    if (innermost !== this) {
      throw new OperationError(
        'scope: expected to end the innermost scope, but a scope opened inside this one is still open; end scopes in reverse order',
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

/** Opens a scope that ends with the block that holds it, as in `using step = scope(); ... return step.keep(loss);`. */
export function scope(): Scope {
  return new Scope();
}

/**
 * Runs `body` in a scope of its own and returns its result. When the result is a tensor it is kept.
 *
 * @throws {OperationError} when `body` returns a Promise, as a scope is synchronous
 */
export function tidy<T>(body: () => T): T {
  using inner = scope();
  const result = body();
  rejectPromise(result, 'tidy');
  if (isOwned(result)) inner.keep(result);
  return result;
}

/**
 * Runs `body` and returns its result. When it throws, every tensor that it made is freed, also the parameters of modules
 * that were made before the failure, which no scope owns and nobody could free later.
 */
export function freeOnThrow<T>(body: () => T): T {
  using attempt = scope();
  const outer = unowned;
  const made: Handle[] = [];
  unowned = made;
  try {
    const result = body();
    attempt.keepAll();
    outer?.push(...made);
    return result;
  } catch (error) {
    native().disposeAll(made);
    throw error;
  } finally {
    unowned = outer;
  }
}

/**
 * Refuses the result of an asynchronous callback: scopes and modes end when a callback returns, before its Promise is
 * settled.
 *
 * @throws {OperationError} when `result` is a Promise; `operation` names the function that took the callback
 */
export function rejectPromise(result: unknown, operation: string): void {
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new OperationError(
      `${operation}: expected a synchronous callback, received one that returns a Promise`,
    );
  }
}

/** @internal Gives a new handle to the innermost scope, if there is one. */
export function adopt(handle: Handle): void {
  innermost?.own(handle);
}

/** @internal Returns a second handle of a tensor, which no scope owns. */
export function shareUnowned({ id }: Owned): Handle {
  const handle = native().share(id);
  unowned?.push(handle);
  return handle;
}

function isOwned(value: unknown): value is Owned {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number';
}
