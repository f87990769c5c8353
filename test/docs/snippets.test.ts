// The TypeScript in the documents: it type-checks as a user's program would, and does what the text around it says.

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { configSchema, resolveConfig } from 'coarsely/config';
import { datasets } from 'coarsely/data';
import { crossEntropy, losses } from 'coarsely/losses';
import { heads } from 'coarsely/models';
import { Conv2d, Module } from 'coarsely/nn';
import { recipes } from 'coarsely/recipes';
import { confidences, reweighters } from 'coarsely/reweighting';
import { Generator, liveTensorCount, randn, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeBlocks, project } from './markdown.js';

// Inside the project, where `coarsely/...` resolves to it.
const folder = join(project, 'build/snippets', String(process.pid));
const snippets = codeBlocks('ts').map((block) => ({
  ...block,
  name: `${basename(block.document, '.md')}-${block.line}`,
}));

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const { name, text } of snippets) writeFileSync(join(folder, `${name}.ts`), text);
  const strict = ['--strict', '--noUncheckedIndexedAccess', '--noUnusedLocals', '--skipLibCheck'];
  const target = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable,esnext.iterator'];
  const modules = ['--module', 'nodenext', '--types', 'node'];
  const files = snippets.map(({ name }) => `${name}.ts`);
  const { status, stdout } = spawnSync(
    join(project, 'node_modules/.bin/tsc'),
    [...strict, ...target, ...modules, ...files],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`snippets (named after document and line) do not type-check:\n${stdout}`);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the snippet of a document that contains `text` and returns what it exports. */
function run(document: string, text: string): Promise<Record<string, unknown>> {
  const snippet = snippets.find((block) => block.document === document && block.text.includes(text));
  if (!snippet) throw new Error(`${document} has no snippet with ${text}`);
  return import(join(folder, `${snippet.name}.js`));
}

test('there are snippets in every guide', () => {
  const documents = new Set(snippets.map(({ document }) => document));
  expect(documents).toContain('docs/guide/add-arm-to-your-loop.md');
  expect(documents).toContain('docs/guide/extend.md');
  expect(documents).toContain('docs/guide/write-a-recipe.md');
});

test('architecture: a scope keeps what it is told to and frees the rest', async () => {
  const { meanSquare } = (await run('docs/architecture.md', 'meanSquare')) as {
    meanSquare(values: number[]): Tensor;
  };
  const before = liveTensorCount();
  const result = meanSquare([1, 2, 3]);
  expect(result.item()).toBeCloseTo(14 / 3, 6);
  expect(liveTensorCount()).toBe(before + 1);
  result.dispose();
});

test('own loop: a model learns a batch, and leaves nothing behind', async () => {
  interface Batch {
    readonly imagesNCHW: Tensor;
    readonly labelsNHW: Tensor;
  }
  const { train } = (await run('docs/guide/add-arm-to-your-loop.md', 'function train')) as {
    train(model: Module, batches: Iterable<Batch>): void;
  };
  class Pointwise extends Module {
    readonly classify: Conv2d;
    constructor(generator: Generator) {
      super();
      this.classify = new Conv2d(3, 2, { kernelSize: 1, generator });
    }
    forward(imagesNCHW: Tensor): Tensor {
      return this.classify.forward(imagesNCHW);
    }
  }
  using generator = new Generator(7);
  const model = new Pointwise(generator);
  using _data = scope();
  const imagesNCHW = randn([2, 3, 8, 8], { dtype: 'float32', generator });
  // The class is the sign of the first channel; a few pixels are not labeled.
  const labelsNHW = imagesNCHW.select(1, 0).gt(0).to({ dtype: 'int64' });
  labelsNHW.select(2, 0).fill_(255);
  const loss = () => crossEntropy(model.forward(imagesNCHW), labelsNHW).mean().item();
  const first = loss();
  train(
    model,
    Array.from({ length: 60 }, () => ({ imagesNCHW, labelsNHW })),
  );
  expect(loss()).toBeLessThan(first / 2);
  _data[Symbol.dispose]();
  model.dispose();
});

test('own loop: isolated, the weights do not reach the model', async () => {
  interface Terms {
    readonly lossesNHW: Tensor;
    readonly weightsNHW: Tensor;
    readonly validNHW: Tensor;
  }
  const { objective } = (await run('docs/guide/add-arm-to-your-loop.md', 'function objective')) as {
    objective(terms: Terms, isolated: boolean): Tensor;
  };
  using _all = scope();
  const lossesNHW = tensorFrom([3, 1], { dtype: 'float32', shape: [1, 1, 2] }).requiresGrad_();
  const weightsNHW = tensorFrom([0.75, 0.25], { dtype: 'float32', shape: [1, 1, 2] }).requiresGrad_();
  const validNHW = tensorFrom([1, 1], { dtype: 'bool', shape: [1, 1, 2] });
  expect(objective({ lossesNHW, weightsNHW, validNHW }, false).item()).toBeCloseTo(2.5, 6);
  const isolated = objective({ lossesNHW, weightsNHW, validNHW }, true);
  expect(isolated.item()).toBeCloseTo(2 + 2.5, 6);
  isolated.backward();
  expect(lossesNHW.grad?.toArray()).toEqual([[[0.5, 0.5]]]);
  expect(weightsNHW.grad?.toArray()).toEqual([[[3, 1]]]);
});

test('own loop: the curve can be read', async () => {
  await run('docs/guide/add-arm-to-your-loop.md', 'arm.curve');
});

test('recipes: the two of the guide validate, and a registered one can be extended', async () => {
  const guide = 'docs/guide/write-a-recipe.md';
  const { warehouseArm } = (await run(guide, 'withArm')) as { warehouseArm(): Record<string, unknown> };
  expect(configSchema.parse(warehouseArm())).toMatchObject({
    name: 'warehouse-arm',
    reweighter: { kind: 'arm', p: 2, learningRateScale: 4 },
    model: { backbone: { kind: 'resnet50' } },
  });
  await run(guide, 'recipes.set');
  expect(resolveConfig('warehouse-arm', { schema: configSchema, recipes }).data.root).toBe('warehouse');
});

test('extend: focal loss with γ = 0 is cross-entropy, and less where the model is sure', async () => {
  await run('docs/guide/extend.md', "kind: 'my-focal'");
  {
    using _all = scope();
    const component = losses.get('my-focal');
    const make = (options: object) => component.create(component.options.parse(options), { classCount: 2 });
    const logitsNCHW = tensorFrom([2, 0, 0, 2, 0, 0], { dtype: 'float32', shape: [1, 2, 1, 3] });
    const labelsNHW = tensorFrom([0, 1, 255], { dtype: 'int64', shape: [1, 1, 3] });
    // Pixel by pixel the logits are (2, 2), (0, 0), (0, 0): p = ½ everywhere, and the last pixel is not labeled.
    expect(make({ gamma: 0 })(logitsNCHW, labelsNHW).toArray()).toEqual(
      crossEntropy(logitsNCHW, labelsNHW).toArray(),
    );
    const [[[first = Number.NaN, , ignored] = []] = []] = make({ gamma: 2 })(
      logitsNCHW,
      labelsNHW,
    ).toArray() as number[][][];
    expect(first).toBeCloseTo(0.25 * Math.log(2), 6);
    expect(ignored).toBe(0);
  }
});

test('extend: the confidence runs from −1 to 1', async () => {
  await run('docs/guide/extend.md', "defineConfidence('greatest'");
  using _all = scope();
  const component = confidences.get('greatest');
  const greatest = component.create(component.options.parse({}), { classCount: 2 });
  const logitsNCHW = tensorFrom([0, 50, 0, 0], { dtype: 'float32', shape: [1, 2, 1, 2] });
  expect(greatest(logitsNCHW).toArray()).toEqual([[[-1, 1]]]);
});

test('extend: the weights of the reweighter sum to 1 over the labeled pixels', async () => {
  await run('docs/guide/extend.md', "kind: 'threshold'");
  using _all = scope();
  using generator = new Generator(0);
  const component = reweighters.get('threshold');
  const threshold = component.create(component.options.parse({}), {
    classCount: 2,
    datasetLength: 0,
    generator,
  });
  const confidenceNHW = tensorFrom([-0.5, 0.5, -0.5], { dtype: 'float32', shape: [1, 1, 3] });
  const validNHW = tensorFrom([1, 1, 0], { dtype: 'bool', shape: [1, 1, 3] });
  const weights = threshold.weigh({ confidenceNHW, lossesNHW: confidenceNHW, validNHW }).toTypedArray();
  expect(Number(weights[0]) / Number(weights[1])).toBeCloseTo(100, 2);
  expect(Number(weights[0]) + Number(weights[1])).toBeCloseTo(1, 6);
  expect(weights[2]).toBe(0);
  expect(threshold.curve([-1, 1])).toEqual([1, 0.01]);
});

test('extend: the head gives logits of the classes', async () => {
  await run('docs/guide/extend.md', "kind: 'small'");
  using _all = scope();
  using generator = new Generator(0);
  const component = heads.get('small');
  const backbone = { channels: [4, 4, 4, 6], outputStride: 16 } as const;
  const head = component.create(component.options.parse({ channels: 5 }), {
    backbone,
    classCount: 3,
    generator,
  });
  const stage = (channels: number) => randn([1, channels, 4, 4], { dtype: 'float32', generator });
  const { logitsNCHW, featuresNCHW } = head.forward([stage(4), stage(4), stage(4), stage(6)]);
  expect(logitsNCHW.shape).toEqual([1, 3, 4, 4]);
  expect(featuresNCHW.shape).toEqual([1, 5, 4, 4]);
  expect([...head.namedParameters().keys()]).toEqual([
    'reduce.weight',
    'reduce.bias',
    'classify.weight',
    'classify.bias',
  ]);
  head.dispose();
});

test('extend: the dataset reads an image', async () => {
  await run('docs/guide/extend.md', "kind: 'halves'");
  const root = join(folder, 'halves');
  mkdirSync(join(root, 'train'), { recursive: true });
  await sharp({ create: { width: 4, height: 2, channels: 3, background: 'red' } })
    .png()
    .toFile(join(root, 'train/a.png'));
  const component = datasets.get('halves');
  const options = component.options.parse({ root });
  expect(await component.check(options, { deep: false })).toEqual({ length: 1, problems: [] });
  const { labels, width } = await (await component.create(options, {})).read(0);
  expect(width).toBe(4);
  expect([...(labels ?? [])]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
});

test('extend: the command line trains with components loaded by --import, in every thread', async () => {
  const root = join(folder, 'images');
  for (const split of ['train', 'val']) {
    mkdirSync(join(root, split), { recursive: true });
    for (const name of ['a', 'b']) {
      await sharp({ create: { width: 32, height: 32, channels: 3, background: 'navy' } })
        .png()
        .toFile(join(root, split, `${name}.png`));
    }
  }
  const guide = snippets.filter(({ document }) => document === 'docs/guide/extend.md');
  writeFileSync(
    join(folder, 'my-components.mjs'),
    guide.map(({ name }) => `import './${name}.js';\n`).join(''),
  );
  writeFileSync(
    join(folder, 'mine.yaml'),
    `name: mine
threads: 1
data: { kind: halves, root: images, augmentation: { cropSize: [32, 32] }, workers: 1 }
model: { head: { kind: small, channels: 4 }, auxiliary: null }
loss: { kind: my-focal, gamma: 1.5 }
confidence: { kind: greatest }
reweighter: { kind: threshold }
training: { iterations: 2, batchSize: 2 }
`,
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(project, 'dist/cli/main.js'), 'train', 'mine.yaml'],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '--import ./my-components.mjs' },
    },
  );
  expect(stderr).toBe('');
  expect(stdout).toContain('finished runs/mine');
  expect(status).toBe(0);
}, 60_000);
