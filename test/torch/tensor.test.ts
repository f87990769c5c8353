/** Checks tensors by values computed by hand: arithmetic, ownership, gradients, bytes and errors. */
import {
  arange,
  autocast,
  cat,
  type DType,
  full,
  fullFloat32,
  Generator,
  liveTensorCount,
  memory,
  noGrad,
  ops,
  randn,
  resetPeakMemory,
  scope,
  stack,
  Tensor,
  type TypedArray,
  tensorFrom,
  tensorFromBytes,
  tidy,
  trimMemory,
  zeros,
} from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { takeHandle } from '#torch/tensor.js';

const matrix = (values: readonly number[], shape: readonly number[]) =>
  tensorFrom(values, { dtype: 'float32', shape });

describe('scopes', () => {
  test('free the tensors created inside and hand over those that are kept', () => {
    const live = liveTensorCount();
    let kept: Tensor;
    {
      using outer = scope();
      {
        using inner = scope();
        const a = matrix([1, 2], [2]);
        kept = inner.keep(a.add(1).mul(2));
      }
      expect(liveTensorCount()).toBe(live + 1);
      outer.keep(kept);
    }
    expect(kept.toArray()).toEqual([4, 6]);
    kept.dispose();
    expect(kept.isDisposed).toBe(true);
  });

  test('a disposed handle is recognized, also after its slot was used again', () => {
    using _inner = scope();
    const first = matrix([1], [1]);
    first.dispose();
    const second = matrix([2], [1]);
    expect(second.item()).toBe(2);
    expect(() => first.item()).toThrow(/already disposed/);
    expect(String(first)).toBe('Tensor (disposed)');
  });

  test('ending out of order throws and changes nothing', () => {
    const outer = scope();
    const inner = scope();
    expect(() => outer[Symbol.dispose]()).toThrow(/reverse order/);
    inner[Symbol.dispose]();
    outer[Symbol.dispose]();
  });

  test('an asynchronous callback is refused', () => {
    expect(() => tidy(async () => 1)).toThrow(/synchronous/);
    expect(() => noGrad(async () => 1)).toThrow(/synchronous/);
    expect(() => autocast({}, async () => 1)).toThrow(/synchronous/);
    expect(() => fullFloat32(async () => 1)).toThrow(/synchronous/);
    const x = matrix([1], [1]).requiresGrad_();
    const y = x.mul(2);
    expect(y.requiresGrad).toBe(true);
    y.dispose();
    x.dispose();
  });

  test('an error inside frees as well', () => {
    expect(() =>
      tidy(() => {
        zeros([4], { dtype: 'float32' });
        throw new Error('inside');
      }),
    ).toThrow('inside');
  });

  test('takeHandle takes a tensor out of any scope', () => {
    let handle = 0;
    {
      using _inner = scope();
      handle = takeHandle(matrix([3], [1]));
    }
    const survivor = new Tensor(handle);
    expect(survivor.item()).toBe(3);
    survivor.dispose();
  });
});

describe('operations', () => {
  test('arithmetic, comparison and selection', () => {
    using _inner = scope();
    const a = matrix([1, -2, 3, -4], [2, 2]);
    expect(a.add(a, { alpha: 2 }).toArray()).toEqual([
      [3, -6],
      [9, -12],
    ]);
    expect(a.relu().sub(1).div(2).toArray()).toEqual([
      [0, -0.5],
      [1, -0.5],
    ]);
    expect(a.matmul(a).toArray()).toEqual([
      [-5, 6],
      [-9, 10],
    ]);
    expect(a.gt(0).logicalNot().toTypedArray()).toEqual(new Uint8Array([0, 1, 0, 1]));
    expect(a.where(a.gt(0), 9).toTypedArray()).toEqual(new Float32Array([1, 9, 3, 9]));
    expect(a.maximum(0).sum().item()).toBe(4);
    expect(a.sum(0).toArray()).toEqual([4, -6]);
    expect(a.mean([0, 1], { keepDim: true }).shape).toEqual([1, 1]);
    expect(a.argmax(1).toTypedArray()).toEqual(new BigInt64Array([0n, 0n]));
    expect(a.norm(1).item()).toBe(10);
    expect(a.transpose(0, 1).flatten().toArray()).toEqual([1, 3, -2, -4]);
    expect(a.maskedSelect(a.lt(0)).toArray()).toEqual([-2, -4]);
    expect(cat([a, a], 0).shape).toEqual([4, 2]);
    expect(stack([a, a], 0).shape).toEqual([2, 2, 2]);
    expect(arange(3, { dtype: 'int64' }).toArray()).toEqual([0, 1, 2]);
  });

  test('in-place methods return the same object and create no handle', () => {
    using _inner = scope();
    const a = matrix([1, 2], [2]);
    const before = liveTensorCount();
    expect(a.add_(1).mul_(2).clamp_({ max: 5 })).toBe(a);
    expect(liveTensorCount()).toBe(before);
    expect(a.toArray()).toEqual([4, 5]);
    const filled = ops.normal_(a, { mean: 0, std: 0 });
    expect(filled).toBe(a);
    expect(a.toArray()).toEqual([0, 0]);
  });

  test('an integral number stays an integer and a fraction becomes floating', () => {
    using _inner = scope();
    const a = tensorFrom([5], { dtype: 'int64', shape: [1] });
    expect(a.mul(2).dtype).toBe('int64');
    expect(a.mul(0.5).dtype).toBe('float32');
  });

  test('a generated operator takes options by name and gives several results', () => {
    using _inner = scope();
    const [values, indices] = ops.topk(matrix([3, 1, 2], [3]), 2, { sorted: true });
    expect(values.toArray()).toEqual([3, 2]);
    expect(indices.toArray()).toEqual([0, 2]);
    const image = matrix([1, 2, 3, 4], [1, 1, 2, 2]);
    expect(ops.conv2d(image, full([1, 1, 2, 2], { value: 1, dtype: 'float32' }), { padding: 0 }).item()).toBe(
      10,
    );
  });

  test('errors name the operation and what does not fit, in one line', () => {
    using _inner = scope();
    const a = zeros([2, 3], { dtype: 'float32' });
    expect(() => a.matmul(a)).toThrow(/^matmul: mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)$/);
    expect(() => a.item()).toThrow('item: expected a tensor of one element, received shape [2,3]');
    expect(() => tensorFrom([1, 2, 3], { dtype: 'float32', shape: [2] })).toThrow(
      'tensorFrom: expected 2 elements for shape [2], received 3',
    );
    expect(() => tensorFrom(new Float64Array(2), { dtype: 'float32', shape: [2] })).toThrow(
      'expected an array of float32, received one of float64',
    );
  });
});

describe('bytes', () => {
  const cases: [DType, TypedArray][] = [
    ['float32', new Float32Array([1.5, -2])],
    ['float64', new Float64Array([1.5, -2])],
    ['int64', new BigInt64Array([1n, -(2n ** 60n)])],
    ['int32', new Int32Array([1, -2])],
    ['int16', new Int16Array([1, -2])],
    ['int8', new Int8Array([1, -2])],
    ['uint8', new Uint8Array([1, 255])],
    ['bool', new Uint8Array([1, 0])],
  ];
  test.each(cases)('%s goes in and comes out', (dtype, data) => {
    using _inner = scope();
    const tensor = tensorFrom(data, { dtype, shape: [2] });
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.toTypedArray()).toEqual(data);
    expect(tensorFromBytes(tensor.toBytes(), { dtype, shape: [2] }).toTypedArray()).toEqual(data);
  });

  test('bfloat16 keeps its bits and is read as float32', () => {
    using _inner = scope();
    const tensor = tensorFrom([1, 1.00390625, -3], { dtype: 'bfloat16', shape: [3] });
    expect(tensor.toTypedArray()).toEqual(new Float32Array([1, 1, -3]));
    expect(tensor.toBytes()).toEqual(new Uint8Array([0x80, 0x3f, 0x80, 0x3f, 0x40, 0xc0]));
  });

  test('a tensor does not share memory with the array it came from, and a view reads row-major', () => {
    using _inner = scope();
    const data = new Float32Array([1, 2, 3, 4]);
    const tensor = tensorFrom(data, { dtype: 'float32', shape: [2, 2] });
    data[0] = 9;
    expect(tensor.transpose(0, 1).toTypedArray()).toEqual(new Float32Array([1, 3, 2, 4]));
  });

  test('live and peak bytes are exact', () => {
    using _inner = scope();
    const before = memory().liveBytes;
    const big = zeros([1000, 1000], { dtype: 'float32' });
    expect(memory().liveBytes - before).toBe(4_000_000);
    big.dispose();
    expect(memory().liveBytes).toBe(before);
    expect(memory().peakBytes).toBeGreaterThanOrEqual(before + 4_000_000);
    resetPeakMemory();
    expect(memory().peakBytes).toBe(before);
    expect(memory().cachedBytes).toBeGreaterThanOrEqual(4_000_000);
    expect(trimMemory()).toBeGreaterThanOrEqual(4_000_000);
    expect(memory().cachedBytes).toBe(0);
  });

  test('inspection shows dtype, shape, device and the first values', () => {
    using _inner = scope();
    expect(String(matrix([0.5, 1, 2, 3, 4, 5, 6], [7]))).toBe(
      'Tensor float32[7] cpu [0.5, 1, 2, 3, 4, 5, …]',
    );
  });
});

describe('gradients', () => {
  test('backward accumulates into leaves; detach and noGrad cut', () => {
    using _inner = scope();
    const x = matrix([2, 3], [2]).requiresGrad_();
    x.mul(x).sum().backward();
    x.mul(x.detach()).sum().backward();
    expect(x.grad?.toArray()).toEqual([6, 9]);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    x.zeroGrad_();
    expect(x.grad).toBeNull();
  });

  test('autocast computes products in bfloat16 and can be switched off inside', () => {
    using _inner = scope();
    const a = matrix([1, 2, 3, 4], [2, 2]);
    autocast({ dtype: 'bfloat16' }, () => {
      expect(a.matmul(a).dtype).toBe('bfloat16');
      expect(autocast({ enabled: false }, () => a.matmul(a)).dtype).toBe('float32');
      expect(a.matmul(a).dtype).toBe('bfloat16');
    });
    expect(a.matmul(a).dtype).toBe('float32');
  });
});

describe('generators', () => {
  test('a seed determines the draws, and a restored state repeats them', () => {
    using _inner = scope();
    using one = new Generator(7);
    using two = new Generator(7);
    const draw = (generator: Generator) => randn([5], { dtype: 'float32', generator }).toTypedArray();
    expect(draw(one)).toEqual(draw(two));
    const state = one.state();
    const next = draw(one);
    expect(draw(one)).not.toEqual(next);
    one.setState(state);
    expect(draw(one)).toEqual(next);
  });
});
