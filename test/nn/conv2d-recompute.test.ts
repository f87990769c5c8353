/** Convolutions that keep what their input was made of instead of their input: the same numbers from less memory. */
import { createSegmentor } from 'coarsely/models';
import { BatchNorm2d, Conv2d, Module } from 'coarsely/nn';
import {
  autocast,
  type DType,
  Generator,
  memory,
  noGrad,
  ops,
  randn,
  scope,
  type Tensor,
  tidy,
  withKernels,
} from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let generator: Generator;
beforeEach(() => {
  generator = new Generator(9);
});
afterEach(() => {
  generator.dispose();
});

const image = (channels: number, size = 24) =>
  randn([2, channels, size, size], { dtype: 'float32', generator }).contiguous({
    memoryFormat: 'channels-last',
  });

/** Two residual blocks, so that a recipe stands on another. */
class Blocks extends Module {
  readonly convs: readonly Conv2d[];
  readonly norms: readonly BatchNorm2d[];
  readonly last: Conv2d;

  constructor(channels: number) {
    super();
    const options = { kernelSize: 3, padding: 1, bias: false, generator };
    this.convs = [1, 2, 3, 4, 5].map(() => new Conv2d(channels, channels, options));
    this.norms = [1, 2, 3, 4, 5].map(() => new BatchNorm2d(channels));
    this.last = new Conv2d(channels, 2, { kernelSize: 1, generator });
    this.to({ memoryFormat: 'channels-last' });
  }

  forward(inputNCHW: Tensor): Tensor {
    return tidy(() => {
      let value = this.#layer(0, inputNCHW);
      for (const block of [1, 3]) value = this.#layer(block + 1, this.#layer(block, value), value);
      return this.last.forward(value);
    });
  }

  #layer(place: number, input: Tensor, residual: Tensor | null = null): Tensor {
    const [conv, norm] = [this.convs[place], this.norms[place]];
    if (!conv || !norm) throw new Error(`no layer ${place}`);
    return norm.forward(conv.forward(input), { residual, activation: 'relu' });
  }
}

function gradients(module: Module): Map<string, Float32Array> {
  return new Map(
    [...module.namedParameters()].map(([name, parameter]) => [
      name,
      tidy(() => parameter.grad?.contiguous().toTypedArray() ?? new Float32Array()) as Float32Array,
    ]),
  );
}

const inPrecision = <T>(dtype: DType, body: () => T) =>
  dtype === 'bfloat16' ? autocast({ dtype: 'bfloat16' }, body) : body();

/** The engine's convolutions, which keep their inputs, in place of these. */
function keepingInputs(conv2ds: readonly Conv2d[]): Disposable {
  for (const conv of conv2ds) {
    conv.forward = (input: Tensor) => ops.conv2d(input, conv.weight, { bias: conv.bias, ...conv.geometry });
  }
  return {
    [Symbol.dispose]() {
      for (const conv of conv2ds) Reflect.deleteProperty(conv, 'forward');
    },
  };
}

describe.each(['float32', 'bfloat16'] as const)('a chain of blocks in %s', (dtype) => {
  const loss = (blocks: Blocks, input: Tensor) =>
    inPrecision(dtype, () => blocks.forward(input))
      .to({ dtype: 'float32' })
      .square()
      .mean();

  test('has the gradients of one that keeps its activations, bit for bit', () => {
    using _inner = scope();
    const blocks = new Blocks(16);
    const input = image(16);
    loss(blocks, input).backward();
    const lean = gradients(blocks);
    for (const parameter of blocks.parameters()) parameter.zeroGrad_();
    using _keeping = keepingInputs([...blocks.convs, blocks.last]);
    loss(blocks, input).backward();
    expect(gradients(blocks)).toEqual(lean);
    expect(lean.get('convs.0.weight')?.some((value) => value !== 0)).toBe(true);
    blocks.dispose();
  });

  test('holds less between forward and backward, and nothing afterwards', () => {
    using _inner = scope();
    const blocks = new Blocks(16);
    const input = image(16, 64);
    const held = () => {
      const before = memory().liveBytes;
      using pass = scope();
      const objective = tidy(() => loss(blocks, input));
      const bytes = memory().liveBytes - before;
      pass.keep(objective);
      objective.backward();
      for (const parameter of blocks.parameters()) parameter.zeroGrad_();
      return { bytes, after: memory().liveBytes - before };
    };
    const lean = held();
    using _keeping = keepingInputs([...blocks.convs, blocks.last]);
    const full = held();
    expect(lean.bytes).toBeLessThan(0.7 * full.bytes);
    // The objective itself, while the graph is still there.
    expect(lean.after).toBeLessThan(20_000);
    blocks.dispose();
  });

  test('a graph that is kept can be gone through twice, and a freed one says so', () => {
    using _inner = scope();
    const blocks = new Blocks(8);
    const objective = loss(blocks, image(8));
    objective.backward({ retainGraph: true });
    const once = gradients(blocks);
    for (const parameter of blocks.parameters()) parameter.zeroGrad_();
    objective.backward();
    expect(gradients(blocks)).toEqual(once);
    expect(() => objective.backward()).toThrow(/second time/);
    blocks.dispose();
  });
});

test('an activation that is written over later is made again as it was', () => {
  using _inner = scope();
  const [conv, norm] = [new Conv2d(4, 4, { kernelSize: 1, generator }), new BatchNorm2d(4)];
  const input = image(4);
  const gradient = (spoil: boolean) => {
    const activation = norm.forward(input, { activation: 'relu' });
    const output = conv.forward(activation).sum();
    if (spoil) activation.detach().fill_(7);
    conv.weight.zeroGrad_();
    output.backward();
    return conv.weight.grad?.toTypedArray();
  };
  expect(gradient(true)).toEqual(gradient(false));
  conv.dispose();
  norm.dispose();
});

test.each(['a convolution', 'a shortcut'] as const)(
  'an activation that is written over without a gradient is what %s takes its gradient from',
  (taker) => {
    using _inner = scope();
    const [conv, norm, next] = [
      new Conv2d(4, 4, { kernelSize: 1, generator }),
      new BatchNorm2d(4),
      new BatchNorm2d(4),
    ];
    const [input, other] = [image(4), image(4)];
    const gradient = () => {
      conv.weight.zeroGrad_();
      const objective = tidy(() => {
        const activation = norm.forward(input, { activation: 'relu' });
        noGrad(() => activation.add_(1));
        const taken = taker === 'a shortcut' ? next.forward(other, { residual: activation }) : activation;
        return conv.forward(taken).square().sum();
      });
      objective.backward();
      return conv.weight.grad?.toTypedArray();
    };
    const lean = gradient();
    using _keeping = keepingInputs([conv]);
    expect(lean).toEqual(gradient());
    for (const module of [conv, norm, next]) module.dispose();
  },
);

test.each([
  { kernelSize: 3, stride: 2, padding: 1 },
  { kernelSize: 3, padding: 2, dilation: 2 },
  { kernelSize: 3, padding: 1, groups: 8 },
  { kernelSize: 1, bias: false },
])("%o: values and gradients of the engine's own", (options) => {
  using _inner = scope();
  const conv = new Conv2d(8, 16, { ...options, generator });
  const results = (['fused', 'stock'] as const).map((kernels) => {
    const input = tidy(() => {
      using own = new Generator(2);
      return randn([2, 8, 9, 9], { dtype: 'float32', generator: own });
    }).requiresGrad_();
    const output = withKernels(kernels, () => conv.forward(input));
    conv.weight.zeroGrad_();
    conv.bias?.zeroGrad_();
    output.square().sum().backward();
    return [output.detach(), input.grad, conv.weight.grad, conv.bias?.grad].map((tensor) =>
      tensor?.toTypedArray(),
    );
  });
  expect(results[0]).toEqual(results[1]);
  conv.dispose();
});

test('a whole network has the same gradients as with the kernels of the engine, to rounding', () => {
  using _inner = scope();
  const section = {
    backbone: { kind: 'resnet18' },
    head: { kind: 'deeplabv3plus', dropout: 0 },
    auxiliary: null,
  };
  const segmentor = createSegmentor(section, { classCount: 3, generator }).to({
    memoryFormat: 'channels-last',
  });
  const input = randn([2, 3, 64, 64], { dtype: 'float32', generator }).contiguous({
    memoryFormat: 'channels-last',
  });
  const [fused, stock] = (['fused', 'stock'] as const).map((kernels) =>
    withKernels(kernels, () => {
      for (const parameter of segmentor.parameters()) parameter.zeroGrad_();
      segmentor.forward(input).logitsNCHW.square().mean().backward();
      return gradients(segmentor);
    }),
  );
  if (!fused || !stock) throw new Error('no gradients');
  for (const [name, theirs] of stock) {
    const ours = fused.get(name) ?? [];
    const [gap, size] = [norm(theirs.map((value, index) => value - (ours[index] ?? 0))), norm(theirs)];
    expect.soft(gap, name).toBeLessThan(2e-3 * size + 1e-6);
  }
  segmentor.dispose();
});

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
