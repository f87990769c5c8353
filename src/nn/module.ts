/**
 * Defines the base class of layers and networks. A module is its fields: `Module` walks its public fields, and the path
 * of a field is its name in the state dict (`backbone.stage3.0.conv2.weight`). No field is registered or named by a
 * string.
 */
import { CheckpointError } from '../errors/index.js';
import { type Device, type DType, noGrad, type Tensor, tidy } from '../torch/index.js';
import { isFloatingPoint } from '../torch/internal.js';
import { Buffer, Parameter } from './parameter.js';

/** Configures a move or conversion of a module's tensors; what is missing stays as it is. */
export interface PlacementOptions {
  readonly device?: Device;
  /** Applies to floating-point tensors only. */
  readonly dtype?: DType;
  /** Applies to tensors of four dimensions only. */
  readonly memoryFormat?: 'contiguous' | 'channels-last';
}

/** Lists the names that a state dict lacked, and those that the module does not have. */
export interface StateDictDifference {
  readonly missing: string[];
  readonly unexpected: string[];
}

/** Holds parameters, buffers and other modules as fields. */
export abstract class Module {
  /** Makes normalization use the statistics of the batch and dropout active. `train()` and `eval()` set it. */
  training = true;
  #isFrozen = false;

  /** Is true once this module was frozen, by itself or as a part of another one. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Returns the fields that are walked, by the names that they have in the state dict. */
  protected fields(): Iterable<readonly [string, unknown]> {
    return Object.entries(this);
  }

  /** Returns names that other libraries store for this kind of module and that `loadStateDict` ignores silently. */
  protected unusedStateNames(): readonly string[] {
    return [];
  }

  /** Returns this module, under the name '', and all modules below it by path, parents first, each once. */
  namedModules(): Map<string, Module> {
    const modules = new Map<string, Module>([['', this]]);
    for (const [name, part] of this.#parts()) if (part instanceof Module) modules.set(name, part);
    return modules;
  }

  /** Returns all parameters by path, in the order of the fields, each once. */
  namedParameters(): Map<string, Parameter> {
    const parameters = new Map<string, Parameter>();
    for (const [name, part] of this.#parts()) if (part instanceof Parameter) parameters.set(name, part);
    return parameters;
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Returns all buffers by path. */
  namedBuffers(): Map<string, Buffer> {
    const buffers = new Map<string, Buffer>();
    for (const [name, part] of this.#parts()) if (part instanceof Buffer) buffers.set(name, part);
    return buffers;
  }

  /** Returns parameters and buffers by path: the tensors themselves, not copies. */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [name, part] of this.#parts()) if (!(part instanceof Module)) state.set(name, part);
    return state;
  }

  /**
   * Copies tensors into the parameters and buffers of the same names, converting dtype and device. When it throws,
   * nothing has been copied.
   *
   * @param options.strict whether missing and unexpected names are errors (the default)
   * @throws {CheckpointError} when a shape differs, or with `strict` when a name is missing or unexpected
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

  /**
   * Switches this module and all modules below it to training (the default) or evaluation. Frozen modules stay in
   * evaluation.
   */
  train(on = true): this {
    for (const module of this.namedModules().values()) module.training = on && !module.#isFrozen;
    return this;
  }

  /**
   * Ends the learning of this module and all modules below it: their parameters get no gradient, and normalization
   * uses the running statistics and leaves them as they are, also after `train()`.
   */
  freeze(): this {
    for (const module of this.namedModules().values()) module.#endLearning();
    for (const parameter of this.parameters()) parameter.requiresGrad_(false);
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /**
   * Moves or converts every parameter and buffer in place. They stay the same objects, so that optimizers created
   * before keep working. Gradients are discarded.
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

  #endLearning(): void {
    this.#isFrozen = true;
    this.training = false;
  }

  /** Walks everything below this module by path, parents first. What two paths lead to comes once, by the first. */
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

/** Lists at most twenty names and counts the rest, so that the message for a wrong file stays short. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 20).join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
