/** Checks when fused kernels are used and when compositions of libtorch's operators. */
import { BatchNorm2d } from 'coarsely/nn';
import { type DType, ones, scope, withKernels } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { type KernelChoice, selectKernel } from '#torch/kernels.js';

/** Returns which way `selectKernel` chooses for a float32 tensor on the CPU. */
function choose(
  name: Parameters<typeof selectKernel>[0],
  options: Partial<KernelChoice<string>> & { readonly dtype?: DType } = {},
): string {
  using _inner = scope();
  const { dtype = 'float32', ...choice } = options;
  const inputs = [ones([2], { dtype })];
  return selectKernel(name, { inputs, fused: () => 'fused', stock: () => 'stock', ...choice });
}

describe('on the CPU', () => {
  test('the fused kernel is used unless stock is chosen', () => {
    expect(choose('armWeights')).toBe('fused');
    expect(withKernels('stock', () => choose('armWeights'))).toBe('stock');
    expect(choose('armWeights', { kernels: 'stock' })).toBe('stock');
    expect(withKernels('stock', () => choose('armWeights', { kernels: 'fused' }))).toBe('fused');
  });

  test('the composition is used where the fused kernel does not compute what is asked for', () => {
    expect(choose('armWeights', { when: false })).toBe('stock');
    expect(choose('batchNormActivation', { when: false, required: true })).toBe('stock');
  });

  test.each(['clipGradNorm', 'sgdStep', 'batchNormActivation'] as const)(
    '%s leaves float64 to libtorch',
    (name) => {
      expect(choose(name)).toBe('fused');
      expect(choose(name, { dtype: 'float64' })).toBe('stock');
    },
  );

  test('a kernel that is required, or that stock uses too, is used with stock', () => {
    expect(withKernels('stock', () => choose('batchNormActivation', { required: true }))).toBe('fused');
    expect(withKernels('stock', () => choose('resizeBilinear'))).toBe('fused');
  });

  test.each(['float64', 'bfloat16'] as const)(
    'batch normalization with weights of %s runs by libtorch',
    (dtype) => {
      using _inner = scope();
      const norm = new BatchNorm2d(3).to({ dtype });
      const maps = ones([2, 3, 4, 4], { dtype }).contiguous({ memoryFormat: 'channels-last' });
      expect(norm.forward(maps, { activation: 'relu' }).dtype).toBe(dtype);
      norm.dispose();
    },
  );
});
