/**
 * Creates initial values of parameters. Every draw comes from an explicit generator, so that a seed determines a
 * network. The formulas are those of `torch.nn.init`, with fan-in = shape[1] · receptive field and fan-out = shape[0] ·
 * receptive field.
 */
import { full, type Generator, rand, randn, type Tensor } from '../torch/index.js';

/** Creates the initial value of a parameter of this shape, in float32 on the CPU. */
export type Initializer = (shape: readonly number[], generator: Generator) => Tensor;

/**
 * Draws from a normal distribution with mean 0 and variance 2 / fan-out (He et al. 2015), as mmcv and torchvision do.
 */
export const kaimingNormal: Initializer = (shape, generator) =>
  randn(shape, { dtype: 'float32', generator }).mul_(Math.sqrt(2 / fans(shape).fanOut));

/** Draws uniformly in ±1/√fan-in, PyTorch's default for the weights of convolutions and linear layers. */
export const kaimingUniform: Initializer = (shape, generator) =>
  uniform(1 / Math.sqrt(fans(shape).fanIn))(shape, generator);

/** Returns an initializer that draws uniformly in ±bound. */
export function uniform(bound: number): Initializer {
  return (shape, generator) =>
    rand(shape, { dtype: 'float32', generator })
      .mul_(2 * bound)
      .sub_(bound);
}

/** Returns an initializer that draws from a normal distribution with mean 0 and this standard deviation. */
export function normal(deviation: number): Initializer {
  return (shape, generator) => randn(shape, { dtype: 'float32', generator }).mul_(deviation);
}

/** Returns an initializer that sets every element to one value and draws nothing. */
export function constant(value: number): Initializer {
  return (shape) => full(shape, { value, dtype: 'float32' });
}

/**
 * Counts the inputs of one output and the outputs of one input of a weight, as `torch.nn.init` does: for grouped
 * convolutions too, shape[0] stands for the outputs.
 */
export function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const receptiveField = kernel.reduce((product, size) => product * size, 1);
  return { fanIn: inputs * receptiveField, fanOut: outputs * receptiveField };
}
