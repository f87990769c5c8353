/** Starts networks from other ones: what is taken, matched by name and drawn afresh, and what is refused. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Config, type ConfigInput, configToYaml } from 'coarsely/config';
import { loadPublishedModel } from 'coarsely/evaluation';
import { full, noGrad, readSafetensors, scope, setThreads, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunWriter } from '#runs/run-writer.js';
import { networkConfig, trainerOf, type Values, valuesOf, writeTrainedRun } from './trained-source.js';

setThreads(1);

let folder = '';
let trained: Map<string, Values>;
const run = () => join(folder, 'a run of mine');
const checkpoint = () => join(run(), 'checkpoints', 'step-00000002.safetensors');
const names = ['road', 'tree', 'Traffic Light'];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-start-'));
  trained = writeTrainedRun(run(), { config: networkConfig(), names });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the values of a network as training would begin with them, and what was said. */
function started(config: Config, classNames: readonly string[] = names) {
  using _state = scope();
  const notices: string[] = [];
  const trainer = trainerOf(config, { names: classNames, onNotice: (notice) => notices.push(notice) });
  const values = valuesOf(trainer.components.model.stateDict());
  const generator = Buffer.from(trainer.components.generator.state()).toString('hex');
  trainer.dispose();
  return { values, notices, generator };
}

const from = (weights: string, model: ConfigInput['model'] = {}, seed = 5) =>
  networkConfig({ seed, model: { ...model, weights } });

const classTensors = [
  'head.classifier.weight',
  'head.classifier.bias',
  'auxiliary.classifier.weight',
  'auxiliary.classifier.bias',
];

/** Returns the rows of a tensor whose first dimension is the classes. */
function rowsOf(values: ReadonlyMap<string, Values>, name: string, classCount: number): Values[] {
  const all = values.get(name) ?? [];
  const length = all.length / classCount;
  return Array.from({ length: classCount }, (_, row) => all.slice(row * length, (row + 1) * length));
}

function expectOthersEqual(values: Map<string, Values>, except: readonly string[] = classTensors): void {
  expect([...values.keys()]).toEqual([...trained.keys()]);
  for (const [name, given] of trained)
    if (!except.includes(name)) expect(values.get(name), name).toEqual(given);
}

describe('a run', () => {
  test('of the same classes gives every tensor', () => {
    const { values, notices } = started(from(run()));
    expectOthersEqual(values, []);
    expect(notices).toEqual([
      `starts from ${run()} (step 2): backbone and head, the auxiliary head`,
      'classes: 3 of 3 taken',
    ]);
  });

  test('changes no random draw', () => {
    const without = started(networkConfig({ seed: 5 }));
    expect(started(from(run())).generator).toBe(without.generator);
    expect(without.values.get('head.classifier.weight')).not.toEqual(trained.get('head.classifier.weight'));
  });

  test('of the classes in another order has their rows in the order of the dataset', () => {
    const { values, notices } = started(from(run()), ['traffic_light', 'road', 'tree']);
    expectOthersEqual(values);
    for (const name of classTensors) {
      const [road, tree, light] = rowsOf(trained, name, 3);
      expect(rowsOf(values, name, 3), name).toEqual([light, road, tree]);
    }
    expect(notices[1]).toBe('classes: 3 of 3 taken by name; in another order');
  });

  test('keeps the drawn values of a class that is new, and leaves others out', () => {
    const dataset = ['road', 'pole', 'tree', 'sign'];
    const { values, notices } = started(from(run()), dataset);
    const drawn = started(networkConfig({ seed: 5 }), dataset).values;
    expectOthersEqual(values);
    for (const name of classTensors) {
      const [road, tree] = rowsOf(trained, name, 3);
      const fresh = rowsOf(drawn, name, 4);
      expect(rowsOf(values, name, 4), name).toEqual([road, fresh[1], tree, fresh[3]]);
    }
    expect(notices[1]).toBe(
      'classes: 2 of 4 taken by name; drawn afresh: pole, sign; left out: Traffic Light',
    );
  });

  test('of no class of the dataset gives all but the classifiers', () => {
    const { values, notices } = started(from(run()), ['cell', 'background']);
    expectOthersEqual(values);
    const drawn = started(networkConfig({ seed: 5 }), ['cell', 'background']).values;
    for (const name of classTensors) expect(values.get(name)).toEqual(drawn.get(name));
    expect(notices[1]).toBe(
      'classes: 0 of 2 taken by name; drawn afresh: cell, background; left out: road, tree, Traffic Light',
    );
  });

  test('without the same auxiliary head gives the rest, and that head is drawn afresh', () => {
    const { values, notices } = started(from(run(), { auxiliary: { channels: 12 } }));
    const drawn = started(networkConfig({ seed: 5, model: { auxiliary: { channels: 12 } } })).values;
    const auxiliary = [...values.keys()].filter((name) => name.startsWith('auxiliary.'));
    expect(auxiliary.length).toBeGreaterThan(0);
    for (const name of auxiliary) expect(values.get(name)).toEqual(drawn.get(name));
    expectOthersEqual(values, auxiliary);
    expect(notices[0]).toBe(
      `starts from ${run()} (step 2): backbone and head; drawn afresh: the auxiliary head`,
    );
    expect(started(from(run(), { auxiliary: null })).notices[0]).toMatch(
      /: backbone and head; left out: the auxiliary head$/,
    );
  });

  test('draws the heads of a loss afresh that it was not trained with, and takes those that it was', () => {
    const kl = (weights: string) => networkConfig({ seed: 5, model: { weights }, loss: { kind: 'kl' } });
    const { values, notices } = started(kl(run()));
    const drawn = started(networkConfig({ seed: 5, loss: { kind: 'kl' } })).values;
    expect(values.get('extraHeads.logScale.weight')).toEqual(drawn.get('extraHeads.logScale.weight'));
    expect(values.get('head.classifier.weight')).toEqual(trained.get('head.classifier.weight'));
    expect(notices[0]).toMatch(/, the auxiliary head; drawn afresh: the heads of the loss$/);

    const scaled = join(folder, 'kl');
    const source = writeTrainedRun(scaled, { config: networkConfig({ loss: { kind: 'kl' } }), names });
    expect(started(kl(scaled)).values).toEqual(source);
    expect(started(from(scaled)).notices[0]).toMatch(/; left out: the heads of the loss$/);
  });

  test('of OCR gives the rows of its regions by name as well', () => {
    const ocr = { head: { kind: 'ocr', channels: 16, keyChannels: 8, regionChannels: 8 } };
    const path = join(folder, 'ocr');
    const source = writeTrainedRun(path, { config: networkConfig({ model: ocr }), names });
    const { values } = started(from(path, ocr), ['tree', 'Traffic Light', 'road']);
    const rows = ['head.regions.classifier.weight', 'head.regions.classifier.bias', 'head.classifier.weight'];
    for (const name of rows) {
      const [road, tree, light] = rowsOf(source, name, 3);
      expect(rowsOf(values, name, 3), name).toEqual([tree, light, road]);
    }
    const others = [...source].filter(([name]) => !/classifier/.test(name));
    expect(others.length).toBeGreaterThan(100);
    for (const [name, given] of others) expect(values.get(name), name).toEqual(given);
  });

  test('that left the size of its head open is the same as one that names it', () => {
    const path = join(folder, 'open');
    const open = { head: { channels: null } };
    writeTrainedRun(path, { config: networkConfig({ model: open }), names, steps: 0 });
    const notices = started(from(path, { head: { channels: 256 } })).notices;
    expect(notices).toEqual([
      `starts from ${path} (step 0): backbone and head, the auxiliary head`,
      'classes: 3 of 3 taken',
    ]);
  });

  test('that computes otherwise although its weights fit is said to', () => {
    const { notices } = started(from(run(), { backbone: { outputStride: 8 } }));
    expect(notices.at(-1)).toBe(
      `the network of ${run()} (step 2) was trained with model.backbone.outputStride 16 (here 8); its weights fit, but ` +
        'it computes otherwise',
    );
  });
});

test('a network that was trained with another normalization of images is said to', () => {
  const changed = { ...from(run()), data: networkConfig().data };
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const { notices } = started({ ...changed, data: { ...changed.data, normalization } });
  expect(notices.at(-1)).toMatch(
    /was trained with data\.normalization \{"mean":\[123\.675,.+\(here \{"mean":\[0\.5,0\.5,0\.5\],.+it computes otherwise$/,
  );
});

describe('a file', () => {
  test('in the folder of its run has the classes of the run', () => {
    const { values, notices } = started(from(checkpoint()), ['tree', 'road', 'Traffic Light']);
    expectOthersEqual(values);
    expect(notices[1]).toBe('classes: 3 of 3 taken by name; in another order');
  });

  test('that was copied out of its run knows its classes, also in an older run that kept them elsewhere', () => {
    const copy = join(folder, 'copied.safetensors');
    copyFileSync(checkpoint(), copy);
    const { values, notices } = started(from(copy), ['tree', 'road', 'Traffic Light']);
    expectOthersEqual(values);
    expect(notices).toEqual([
      `starts from ${copy}: backbone and head, the auxiliary head`,
      'classes: 3 of 3 taken by name; in another order',
    ]);

    const unnamed = join(folder, 'old', 'checkpoints', 'step-00000002.safetensors');
    mkdirSync(join(folder, 'old', 'checkpoints'), { recursive: true });
    using _tensors = scope();
    writeSafetensors(unnamed, readSafetensors(checkpoint()).tensors);
    copyFileSync(join(run(), 'config.yaml'), join(folder, 'old', 'config.yaml'));
    copyFileSync(join(run(), 'state.json'), join(folder, 'old', 'state.json'));
    expect(started(from(unnamed), ['tree', 'road', 'Traffic Light']).values).toEqual(values);
  });

  test('under a prefix, of unnamed classes, is taken in the order of the dataset, which is said', () => {
    using _tensors = scope();
    const path = join(folder, 'prefixed.safetensors');
    const tensors = [...readSafetensors(checkpoint()).tensors].filter(([name]) => name.startsWith('model.'));
    writeSafetensors(
      path,
      new Map(tensors.map(([name, tensor]) => [name.replace(/^model/, 'module'), tensor])),
    );
    const { values, notices } = started(from(path), ['x', 'y', 'z']);
    expectOthersEqual(values, []);
    expect(notices).toContain(
      `${path} does not name its classes; they are taken in the order of the dataset`,
    );
    expect(notices).toContain(`${path}: read ${tensors.length} tensors under 'module.'`);
    const more = started(from(path), ['x', 'y', 'z', 'w']);
    expectOthersEqual(more.values);
    expect(more.notices).toContain(
      `${path} does not name its 3 classes, and the dataset has 4; all classes are drawn afresh`,
    );
  });

  test('that mmsegmentation published is one too', () => {
    const path = resolve(import.meta.dirname, '../models/fixtures/deeplabv3plus-r18.pth');
    const model = {
      backbone: { outputStride: 16 },
      head: { channels: 128, lowLevelChannels: 12 },
      auxiliary: { channels: 64 },
    };
    const { values, notices } = started(from(path, model), ['car', 'road', 'plane']);
    using published = loadPublishedModel(path);
    if (published === null) throw new Error('expected a network');
    const source = valuesOf(published.model.stateDict());
    const [road, , car] = rowsOf(source, 'head.classifier.weight', 3);
    expect(rowsOf(values, 'head.classifier.weight', 3).slice(0, 2)).toEqual([car, road]);
    for (const [name, given] of source)
      if (!/classifier/.test(name)) expect(values.get(name), name).toEqual(given);
    expect(notices).toEqual([
      `starts from ${path}: backbone and head, the auxiliary head`,
      'classes: 2 of 3 taken by name; drawn afresh: plane; left out: building',
    ]);
  });

  test('of a run gives its backbone alone as model.backbone.weights', () => {
    const { values } = started(networkConfig({ seed: 5, model: { backbone: { weights: checkpoint() } } }), [
      'x',
    ]);
    const drawn = started(networkConfig({ seed: 5 }), ['x']).values;
    for (const [name, given] of values) {
      expect(given, name).toEqual(name.startsWith('backbone.') ? trained.get(name) : drawn.get(name));
    }
  });
});

describe('refused, with one line that says what to do', () => {
  const failure = (config: Config) => {
    try {
      started(config);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('expected an error');
  };

  test('another backbone', () => {
    expect(failure(from(run(), { backbone: { kind: 'resnet34' } }))).toBe(
      `${run()} (step 2): is another network than the config describes: it has model.backbone.kind resnet18 (here ` +
        'resnet34); write the same, or give the backbone alone as model.backbone.weights',
    );
  });

  test('another head', () => {
    expect(failure(from(run(), { head: { kind: 'ocr', channels: undefined as never } }))).toContain(
      'model.head.kind deeplabv3plus (here ocr)',
    );
    expect(failure(from(run(), { head: { channels: 32 } }))).toContain('model.head.channels 16 (here 32)');
  });

  test('another size in a file that does not say how it was built', () => {
    const copy = join(folder, 'sizes.safetensors');
    copyFileSync(checkpoint(), copy);
    expect(failure(from(copy, { head: { channels: 32 } }))).toMatch(
      /sizes\.safetensors: is another network than the config describes: head\.\S+ has shape \[.+\], expected \[.+\]; \d+ more tensors do not fit\. Set model\.backbone and model\.head as it was trained/,
    );
  });

  test('a backbone alone', () => {
    using _tensors = scope();
    const path = join(folder, 'backbone.safetensors');
    const tensors = [...readSafetensors(checkpoint()).tensors].flatMap(([name, tensor]) =>
      name.startsWith('model.backbone.') ? [[name.slice('model.backbone.'.length), tensor] as const] : [],
    );
    writeSafetensors(path, new Map(tensors));
    expect(failure(from(path))).toMatch(
      /backbone\.safetensors: holds no whole network of this package or of mmsegmentation .*model\.backbone\.weights$/,
    );
  });

  test('a value that is not finite', () => {
    using _tensors = scope();
    const path = join(folder, 'nan.safetensors');
    const { tensors } = readSafetensors(checkpoint());
    tensors.set('model.head.classifier.bias', full([3], { value: Number.NaN, dtype: 'float32' }));
    writeSafetensors(path, tensors);
    expect(failure(from(path))).toMatch(/nan\.safetensors: model\.head\.classifier\.bias/);
  });

  test('a folder that is no run, a run without a checkpoint, a file that is none', () => {
    const empty = join(folder, 'no run');
    mkdirSync(empty);
    expect(failure(from(empty))).toMatch(/no run: is not a run's folder \(it has no config\.yaml\)/);
    const early = join(folder, 'early');
    RunWriter.create(early, { configYaml: configToYaml(networkConfig()) }).close();
    expect(failure(from(early))).toMatch(/early: has no checkpoint yet/);
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'no weights');
    expect(failure(from(text))).toMatch(/notes\.txt: is neither safetensors nor a PyTorch checkpoint/);
  });

  test('a run whose checkpoint holds another number of rows than it names classes', () => {
    using _tensors = scope();
    const path = join(folder, 'rows.safetensors');
    const { tensors, metadata } = readSafetensors(checkpoint());
    noGrad(() => {
      for (const name of classTensors) {
        const tensor = tensors.get(`model.${name}`);
        if (tensor) tensors.set(`model.${name}`, tensor.narrow(0, 0, 2));
      }
    });
    writeSafetensors(path, tensors, { metadata });
    expect(failure(from(path))).toMatch(
      /rows\.safetensors: is damaged: it names 3 classes, and its logits are of 2/,
    );
  });
});
