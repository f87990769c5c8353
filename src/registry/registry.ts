/** Defines registries, which hold the components of one sort, such as all losses, by the kinds that configs name. */

import type { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import type { Component } from './component.js';

/** Describes the part of a registry that configs are validated with. */
export interface Kinds {
  readonly what: string;
  kinds(): string[];
  get(kind: string): { readonly options: z.ZodType };
}

/** Holds components by kind; `what` names their sort in errors: `unknown backbone 'resnet19'`. */
export class Registry<C extends Pick<Component, 'kind' | 'options'>> implements Kinds {
  readonly what: string;
  readonly #components = new Map<string, C>();

  constructor(what: string, components: readonly C[] = []) {
    this.what = what;
    for (const component of components) this.register(component);
  }

  /**
   * Adds a component.
   *
   * @throws {ConfigError} when its kind is registered already, so that a clash of names is noticed
   */
  register(component: C): void {
    const { kind } = component;
    if (this.#components.has(kind)) throw new ConfigError(`${this.what} '${kind}' is registered twice`);
    this.#components.set(kind, component);
  }

  /**
   * Returns the component of this kind.
   *
   * @throws {ConfigError} naming the nearest kind and all kinds when there is none
   */
  get(kind: string): C {
    const component = this.#components.get(kind);
    if (component !== undefined) return component;
    const known = this.kinds();
    throw new ConfigError(
      `unknown ${this.what} '${kind}'${suggestion(kind, known)} (known: ${known.join(', ') || 'none'})`,
    );
  }

  /** Returns all kinds in the order of registration. */
  kinds(): string[] {
    return [...this.#components.keys()];
  }
}
