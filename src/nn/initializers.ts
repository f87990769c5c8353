/**
 * First values of parameters. Every draw comes from an explicit generator, so that a seed fixes a network. Formulas are
 * those of `torch.nn.init`, with fan-in = shape[1] · receptive field and fan-out = shape[0] · receptive field.
 */
import { full, type Generator, rand, randn, type Tensor } from '../torch/index.js';

/** Draws the first value of a parameter of this shape: float32, on the CPU. */
export type Initializer = (shape: readonly number[], generator: Generator) => Tensor;

/** Normal of mean 0 and variance 2 / fan-out (He et al. 2015, for ReLU): what mmcv's and torchvision's networks use. */
export const kaimingNormal: Initializer = (shape, generator) =>
  randn(shape, { dtype: 'float32', generator }).mul_(Math.sqrt(2 / fans(shape).fanOut));

/** Uniform in ±1/√fan-in: what PyTorch draws for the weight of a convolution or linear layer by default. */
export const kaimingUniform: Initializer = (shape, generator) =>
  uniform(1 / Math.sqrt(fans(shape).fanIn))(shape, generator);

/** Uniform in ±bound. */
export function uniform(bound: number): Initializer {
  return (shape, generator) =>
    rand(shape, { dtype: 'float32', generator })
      .mul_(2 * bound)
      .sub_(bound);
}

/** Normal of mean 0 and this standard deviation. */
export function normal(deviation: number): Initializer {
  return (shape, generator) => randn(shape, { dtype: 'float32', generator }).mul_(deviation);
}

/** The same value everywhere; draws nothing. */
export function constant(value: number): Initializer {
  return (shape) => full(shape, { value, dtype: 'float32' });
}

/** Inputs that reach one output and outputs that one input reaches, per `torch.nn.init` (groups not considered). */
export function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const receptiveField = kernel.reduce((product, size) => product * size, 1);
  return { fanIn: inputs * receptiveField, fanOut: outputs * receptiveField };
}
