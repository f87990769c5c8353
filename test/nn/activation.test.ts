/** Compares the activations of layers, and their gradients, with compositions of elementary operators. */
import { type Activation, BatchNorm2d } from 'coarsely/nn';
import { type DType, Generator, noGrad, randn, scope, type Tensor, withKernels } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

const formulas: Readonly<Record<Activation, (x: Tensor) => Tensor>> = {
  none: (x) => x,
  relu: (x) => x.clamp({ min: 0 }),
  relu6: (x) => x.clamp({ min: 0, max: 6 }),
  hardswish: (x) => x.mul(x.add(3).clamp({ min: 0, max: 6 })).div(6),
};
const activations = Object.keys(formulas) as Activation[];

/** Returns output and gradients of batch normalization, shortcut and activation, computed by `follow`. */
function pass(
  follow: (norm: BatchNorm2d, maps: { readonly input: Tensor; readonly residual: Tensor }) => Tensor,
  { dtype, training }: { readonly dtype: DType; readonly training: boolean },
) {
  using inner = scope();
  using generator = new Generator(7);
  const draw = (factor: number) =>
    randn([2, 16, 9, 7], { dtype: 'float32', generator })
      .mul(factor)
      .to({ dtype })
      .contiguous({ memoryFormat: 'channels-last' })
      .requiresGrad_();
  const norm = new BatchNorm2d(16).train(training);
  noGrad(() => norm.weight.mul_(5));
  const [input, residual, weights] = [draw(1), draw(2), draw(1).detach()];
  const output = follow(norm, { input, residual });
  output.mul(weights).sum().backward();
  const results = [output.detach(), input.grad, residual.grad, norm.weight.grad, norm.bias.grad].map((one) =>
    inner.keep((one as Tensor).to({ dtype: 'float32' }).clone()),
  );
  norm.dispose();
  return results;
}

const cases = activations.flatMap((activation) =>
  [true, false].flatMap((training) =>
    (['fused', 'stock'] as const).map((kernels) => ({ activation, training, kernels })),
  ),
);

describe.each(cases)('$activation after batch normalization, training $training, $kernels', (setting) => {
  const { activation, training, kernels } = setting;

  test('has the values and gradients of its formula', () => {
    using _results = scope();
    const ours = pass(
      (norm, { input, residual }) =>
        withKernels(kernels, () => norm.forward(input, { residual, activation })),
      { dtype: 'float32', training },
    );
    const expected = pass(
      (norm, { input, residual }) =>
        formulas[activation](withKernels('stock', () => norm.forward(input)).add(residual)),
      { dtype: 'float32', training },
    );
    for (const [index, one] of ours.entries()) {
      expect(one, `result ${index}`).toBeAllclose(expected[index] as Tensor, { relativeToLargest: 2e-5 });
    }
    const [output] = ours;
    expect(output?.max().item()).toBe(activation === 'relu6' ? 6 : Math.max(output?.max().item() ?? 0, 7));
  });

  test('keeps bfloat16, and its values to rounding', () => {
    using _results = scope();
    const run = (dtype: DType) =>
      pass(
        (norm, { input, residual }) => {
          const output = withKernels(kernels, () => norm.forward(input, { residual, activation }));
          expect(output.dtype).toBe(dtype);
          return output;
        },
        { dtype, training },
      );
    const [rounded, exact] = [run('bfloat16'), run('float32')];
    expect(rounded[0]).toBeAllclose(exact[0] as Tensor, { relativeToLargest: 0.02 });
    // Rounding moves single elements across a kink, where the derivative jumps.
    for (const [index, one] of rounded.entries()) {
      const difference = one
        .sub(exact[index] as Tensor)
        .norm()
        .item();
      expect(difference / Number(exact[index]?.norm().item()), `result ${index}`).toBeLessThan(0.15);
    }
  });
});
