/** Checks how modules walk their fields, load state dicts, switch modes, move and are freed. */
import { Buffer, Conv2d, Module, Parameter, Sequential } from 'coarsely/nn';
import { Generator, ones, randn, scope, type Tensor, tidy, zeros } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

class Leaf extends Module {
  readonly weight = new Parameter(ones([2, 3], { dtype: 'float32' }));
  readonly count = new Buffer(zeros([1], { dtype: 'int64' }));
}

class Tree extends Module {
  readonly size = 3;
  readonly nothing = null;
  readonly first = new Leaf();
  readonly list = [new Leaf(), new Leaf()];
  readonly again = this.first;
  readonly scale = new Parameter(ones([1], { dtype: 'float32' }));
  readonly #hidden = new Set<string>();

  forward(input: Tensor): Tensor {
    this.#hidden.add('called');
    return input.mul(this.scale);
  }
}

describe('walking', () => {
  test('paths follow the fields in order, and a shared part comes once', () => {
    const tree = new Tree();
    expect([...tree.namedParameters().keys()]).toEqual([
      'first.weight',
      'list.0.weight',
      'list.1.weight',
      'scale',
    ]);
    expect([...tree.namedBuffers().keys()]).toEqual(['first.count', 'list.0.count', 'list.1.count']);
    expect([...tree.namedModules().keys()]).toEqual(['', 'first', 'list.0', 'list.1']);
    expect([...tree.stateDict().keys()]).toEqual([
      'first.weight',
      'first.count',
      'list.0.weight',
      'list.0.count',
      'list.1.weight',
      'list.1.count',
      'scale',
    ]);
    tree.dispose();
  });

  test('train and eval reach every module', () => {
    const tree = new Tree();
    expect(tree.eval()).toBe(tree);
    expect([...tree.namedModules().values()].some(({ training }) => training)).toBe(false);
    tree.train();
    expect([...tree.namedModules().values()].every(({ training }) => training)).toBe(true);
    tree.dispose();
  });
});

describe('lifetime', () => {
  test('parameters made in a scope outlive it, with their gradient', () => {
    let tree: Tree;
    {
      using _inner = scope();
      tree = new Tree();
    }
    expect(tree.scale.item()).toBe(1);
    tidy(() => {
      tree
        .forward(ones([4], { dtype: 'float32' }))
        .sum()
        .backward();
      expect(tree.scale.grad?.item()).toBe(4);
    });
    tree.scale.zeroGrad_();
    tree.dispose();
  });

  test('a parameter takes over its tensor', () => {
    const source = ones([2], { dtype: 'float32' });
    const parameter = new Parameter(source);
    expect(source.isDisposed).toBe(true);
    expect(parameter.requiresGrad).toBe(true);
    parameter.dispose();
    const buffer = new Buffer(ones([2], { dtype: 'float32' }));
    expect(buffer.requiresGrad).toBe(false);
    buffer.dispose();
  });
});

describe('state dicts', () => {
  test('copy values and convert dtypes, leaving the parameters the same objects', () => {
    const [from, to] = [new Leaf(), new Leaf()];
    from.to({ dtype: 'float64' });
    tidy(() => {
      const state = new Map<string, Tensor>([
        ['weight', from.weight.detach().mul(3)],
        ['count', from.count.add(5)],
      ]);
      const { weight } = to;
      to.loadStateDict(state);
      expect(to.weight).toBe(weight);
      expect(to.weight.dtype).toBe('float32');
      expect(to.weight.requiresGrad).toBe(true);
      expect([...(to.weight.toTypedArray() as Float32Array)]).toEqual([3, 3, 3, 3, 3, 3]);
      expect(to.count.item()).toBe(5);
    });
    from.dispose();
    to.dispose();
  });

  test('missing, unexpected and wrongly shaped entries are named, and nothing is copied', () => {
    const leaf = new Leaf();
    tidy(() => {
      const state = new Map<string, Tensor>([
        ['weight', zeros([2, 3], { dtype: 'float32' })],
        ['other', zeros([1], { dtype: 'float32' })],
      ]);
      expect(() => leaf.loadStateDict(state)).toThrow(
        expect.objectContaining({
          code: 'checkpoint',
          message: expect.stringMatching(/missing count; unexpected other/),
        }),
      );
      expect(leaf.weight.toTypedArray()[0]).toBe(1);
      expect(leaf.loadStateDict(state, { strict: false })).toEqual({
        missing: ['count'],
        unexpected: ['other'],
      });
      expect(leaf.weight.toTypedArray()[0]).toBe(0);
      state.set('weight', zeros([3, 2], { dtype: 'float32' }));
      expect(() => leaf.loadStateDict(state, { strict: false })).toThrow(
        'state dict, weight: expected shape [2,3], received [3,2]',
      );
    });
    leaf.dispose();
  });
});

describe('to', () => {
  test('converts floating tensors alone, reorders four-dimensional ones, keeps identity and values', () => {
    using generator = new Generator(1);
    const conv = new Conv2d(4, 4, { kernelSize: 3, generator });
    const module = new Sequential(conv);
    const leaf = new Leaf().to({ dtype: 'bfloat16' });
    expect([leaf.weight.dtype, leaf.count.dtype]).toEqual(['bfloat16', 'int64']);
    leaf.dispose();
    const before = conv.weight.toTypedArray();
    const parameters = module.parameters();
    expect(module.to({ memoryFormat: 'channels-last' })).toBe(module);
    expect(module.parameters()).toEqual(parameters);
    expect(conv.weight.isContiguous('channels-last')).toBe(true);
    expect(conv.weight.isContiguous()).toBe(false);
    expect(conv.weight.toTypedArray()).toEqual(before);
    tidy(() => {
      module
        .forward(randn([1, 4, 5, 5], { dtype: 'float32', generator }))
        .sum()
        .backward();
      expect(conv.weight.grad?.isContiguous('channels-last')).toBe(true);
      for (const parameter of parameters) parameter.zeroGrad_();
    });
    module.dispose();
  });
});
