/**
 * Components that a config can name: `{ kind: 'arm', p: 2 }`. A registry maps a kind to its option schema and factory,
 * so that shared code never branches on a concrete kind and a user's own component is used like a built-in one.
 */

import type { z } from 'zod';
import { ConfigError, suggestion } from '../errors/index.js';

/** What can be named by a config: the schema of its options (all defaults inside) and how it is made from them. */
export interface Component<Options = unknown, Context = unknown, Product = unknown> {
  /** A `z.strictObject` without `kind`, so that unknown options are rejected. */
  readonly options: z.ZodType<Options>;
  create(options: Options, context: Context): Product;
}

/** What a registry must offer to code that only validates configs. */
export interface Kinds {
  readonly what: string;
  kinds(): string[];
  get(kind: string): { readonly options: z.ZodType };
}

/** Components by kind. `what` is the word used in errors: `unknown backbone 'resnet19'`. */
export class Registry<C extends { readonly options: z.ZodType }> implements Kinds {
  readonly what: string;
  readonly #components = new Map<string, C>();

  constructor(what: string) {
    this.what = what;
  }

  /** Adds a component; a kind can be registered only once, so that a clash of names is noticed. */
  register(kind: string, component: C): void {
    if (this.#components.has(kind)) throw new ConfigError(`${this.what} '${kind}' is registered twice`);
    this.#components.set(kind, component);
  }

  /** The component of this kind, or a ConfigError naming the nearest kind and all kinds. */
  get(kind: string): C {
    const component = this.#components.get(kind);
    if (component !== undefined) return component;
    const known = this.kinds();
    throw new ConfigError(
      `unknown ${this.what} '${kind}'${suggestion(kind, known)} (known: ${known.join(', ') || 'none'})`,
    );
  }

  /** All kinds, in the order of registration. */
  kinds(): string[] {
    return [...this.#components.keys()];
  }
}
