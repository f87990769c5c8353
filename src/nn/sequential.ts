/** Applies layers one after another. */
import type { Tensor } from '../torch/index.js';
import { freeOnThrow } from '../torch/internal.js';
import { Module } from './module.js';

/** Describes a module that maps a tensor to a tensor. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}

/** Is a layer, or a function of a tensor such as `(input) => input.relu()`. */
export type LayerOrFunction = Layer | ((input: Tensor) => Tensor);

/**
 * Applies its layers in order. The name of a layer in the state dict is its position, counting functions too, as in
 * PyTorch: the weight of the third layer is `2.weight`.
 */
export class Sequential extends Module {
  readonly layers: readonly LayerOrFunction[];

  constructor(...layers: readonly LayerOrFunction[]) {
    super();
    this.layers = layers;
  }

  forward(input: Tensor): Tensor {
    return freeOnThrow(() =>
      this.layers.reduce((value, layer) => {
        const next = typeof layer === 'function' ? layer(value) : layer.forward(value);
        // Only this method holds the tensor between two layers, so it can be freed before the scope ends.
        if (value !== input && value !== next) value.dispose();
        return next;
      }, input),
    );
  }

  protected override fields(): Iterable<readonly [string, unknown]> {
    return this.layers.map((layer, index) => [String(index), layer] as const);
  }
}
