/** Layers applied one after another. */
import type { Tensor } from '../torch/index.js';
import { Module } from './module.js';

/** A module that maps one tensor to one tensor. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}

/** A layer, or a function such as `relu`. */
export type LayerOrFunction = Layer | ((input: Tensor) => Tensor);

/**
 * Applies its layers in order. A layer's state-dict name is its position, functions counted, as in PyTorch: the weight
 * of the third layer is `2.weight`.
 */
export class Sequential extends Module {
  readonly layers: readonly LayerOrFunction[];

  constructor(...layers: readonly LayerOrFunction[]) {
    super();
    this.layers = layers;
  }

  forward(input: Tensor): Tensor {
    return this.layers.reduce((value, layer) => {
      const next = typeof layer === 'function' ? layer(value) : layer.forward(value);
      // Nobody else has what lies between two layers: freed here, it does not last until the step ends.
      if (value !== input && value !== next) value.dispose();
      return next;
    }, input);
  }

  protected override fields(): Iterable<readonly [string, unknown]> {
    return this.layers.map((layer, index) => [String(index), layer] as const);
  }
}
