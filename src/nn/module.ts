/**
 * Modules are their fields: `Module` walks its public fields, and a field's path is its state-dict name
 * (`backbone.stage3.0.conv2.weight`). Nothing is registered, named by a string or built lazily.
 */
import { CheckpointError } from '../errors/index.js';
import { type Device, type DType, noGrad, type Tensor, tidy } from '../torch/index.js';
import { isFloatingPoint } from '../torch/internal.js';
import { Buffer, Parameter } from './parameter.js';

export interface PlacementOptions {
  readonly device?: Device;
  /** Applied to floating-point tensors only. */
  readonly dtype?: DType;
  /** Applied to tensors of four dimensions only. */
  readonly memoryFormat?: 'contiguous' | 'channels-last';
}

/** What a state dict lacked, and what it had that nothing asked for. */
export interface StateDictDifference {
  readonly missing: string[];
  readonly unexpected: string[];
}

export abstract class Module {
  /** Whether batch normalization uses the batch's statistics and dropout drops. Set by `train()` and `eval()`. */
  training = true;

  /** The fields that are walked, with the names they have in the state dict. */
  protected fields(): Iterable<readonly [string, unknown]> {
    return Object.entries(this);
  }

  /** Names of this module's own in other state dicts that it has no use for, and that are accepted silently. */
  protected unusedStateNames(): readonly string[] {
    return [];
  }

  /** This module (under the name '') and all modules below it, parents first, each once. */
  namedModules(): Map<string, Module> {
    const modules = new Map<string, Module>([['', this]]);
    for (const [name, part] of this.#parts()) if (part instanceof Module) modules.set(name, part);
    return modules;
  }

  /** All parameters by path, in the order of the fields, each once. */
  namedParameters(): Map<string, Parameter> {
    const parameters = new Map<string, Parameter>();
    for (const [name, part] of this.#parts()) if (part instanceof Parameter) parameters.set(name, part);
    return parameters;
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** All buffers by path. */
  namedBuffers(): Map<string, Buffer> {
    const buffers = new Map<string, Buffer>();
    for (const [name, part] of this.#parts()) if (part instanceof Buffer) buffers.set(name, part);
    return buffers;
  }

  /** Parameters and buffers by path: the live tensors, not copies of them. */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [name, part] of this.#parts()) if (!(part instanceof Module)) state.set(name, part);
    return state;
  }

  /**
   * Copies `state` into the parameters and buffers of the same name, converting dtype and device. A name that is
   * missing or unexpected is a CheckpointError unless `strict` is false; a shape that differs always is. Nothing is
   * copied when an error is thrown.
   */
  loadStateDict(
    state: ReadonlyMap<string, Tensor>,
    { strict = true }: { readonly strict?: boolean } = {},
  ): StateDictDifference {
    const own = this.stateDict();
    const accepted = new Set<string>();
    for (const [path, module] of this.namedModules()) {
      for (const name of module.unusedStateNames()) accepted.add(path === '' ? name : `${path}.${name}`);
    }
    const missing = [...own.keys()].filter((name) => !state.has(name));
    const unexpected = [...state.keys()].filter((name) => !own.has(name) && !accepted.has(name));
    if (strict && missing.length + unexpected.length > 0) {
      throw new CheckpointError(
        `the state dict does not fit ${this.constructor.name}: missing ${listed(missing)}; ` +
          `unexpected ${listed(unexpected)}`,
      );
    }
    for (const [name, tensor] of own) {
      const source = state.get(name);
      if (source !== undefined && !sameShape(source.shape, tensor.shape)) {
        throw new CheckpointError(
          `state dict, ${name}: expected shape [${tensor.shape}], received [${source.shape}]`,
        );
      }
    }
    tidy(() =>
      noGrad(() => {
        for (const [name, tensor] of own) {
          const source = state.get(name);
          if (source !== undefined) tensor.copy_(source);
        }
      }),
    );
    return { missing, unexpected };
  }

  /** Switches this module and all below it to training (the default) or evaluation. */
  train(on = true): this {
    for (const module of this.namedModules().values()) module.training = on;
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /**
   * Moves or converts every parameter and buffer in place: they stay the same objects, so optimizers made before
   * keep working. Gradients are dropped.
   */
  to({ device, dtype, memoryFormat }: PlacementOptions): this {
    tidy(() =>
      noGrad(() => {
        for (const tensor of this.stateDict().values()) {
          const options: { device?: Device; dtype?: DType; memoryFormat?: 'contiguous' | 'channels-last' } =
            {};
          if (device !== undefined) options.device = device;
          if (dtype !== undefined && isFloatingPoint(tensor.dtype)) options.dtype = dtype;
          if (memoryFormat !== undefined && tensor.ndim === 4) options.memoryFormat = memoryFormat;
          tensor.zeroGrad_();
          tensor.setData_(tensor.to(options));
        }
      }),
    );
    return this;
  }

  /** Frees every parameter and buffer; the module cannot be used afterwards. */
  dispose(): void {
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }

  /** Everything below this module by path, parents first; what is reachable by two paths comes once, by the first. */
  *#parts(): Iterable<[string, Module | Parameter | Buffer]> {
    const seen = new Set<unknown>([this]);
    const pending: (readonly [string, unknown])[] = [...this.fields()].reverse();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [name, value] = next;
      if (seen.has(value)) continue;
      if (value instanceof Parameter || value instanceof Buffer) {
        seen.add(value);
        yield [name, value];
      } else if (value instanceof Module) {
        seen.add(value);
        yield [name, value];
        pending.push(
          ...[...value.fields()].reverse().map(([field, part]) => [`${name}.${field}`, part] as const),
        );
      } else if (Array.isArray(value)) {
        pending.push(...value.map((part, index) => [`${name}.${index}`, part] as const).reverse());
      }
    }
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, index) => size === b[index]);
}

/** At most twenty names, so that a message about the wrong file stays readable; the counts say the rest. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 20).join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
