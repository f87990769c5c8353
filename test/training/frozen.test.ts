/** Frozen parts of a backbone: their parameters and buffers stay as they are, bit for bit, and the rest learns. */
import type { ConfigInput } from 'coarsely/config';
import { scope, setThreads } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { networkConfig, takeSteps, trainerOf, type Values, valuesOf } from './trained-source.js';

setThreads(1);

const names = ['road', 'tree', 'sky'];
const all = ['stem', 'stage1', 'stage2', 'stage3', 'stage4'];

/** Returns the values of a network before and after five steps, and the objectives of the steps. */
function trainSteps(changes: Omit<ConfigInput, 'data'>) {
  using _state = scope();
  const trainer = trainerOf(networkConfig(changes), { names });
  const { model, optimizer } = trainer.components;
  const before = valuesOf(model.stateDict());
  const losses = takeSteps(trainer, { steps: 5, classCount: names.length });
  const after = valuesOf(model.stateDict());
  const momenta = optimizer.state().size;
  const learning = model.parameters().filter(({ requiresGrad }) => requiresGrad).length;
  const gradients = model.parameters().filter(({ grad }) => grad !== null).length;
  trainer.dispose();
  return { before, after, losses, momenta, learning, gradients };
}

/** Returns the parts of which some value changed, and those of which none did. */
function partsOf({ before, after }: { before: Map<string, Values>; after: Map<string, Values> }) {
  const changed = new Set<string>();
  const same = new Set<string>();
  for (const [name, values] of before) {
    const [first = '', second = ''] = name.split('.');
    const part = first === 'backbone' ? second : first;
    (String(values) === String(after.get(name)) ? same : changed).add(part);
  }
  return { changed: [...changed], same: [...same].filter((part) => !changed.has(part)) };
}

describe('model.backbone.frozen', () => {
  test.each([
    [false, []],
    ['stem', ['stem']],
    ['stage2', ['stem', 'stage1', 'stage2']],
    ['stage4', all],
    [true, all],
  ] as const)('%s', (frozen, expected) => {
    const result = trainSteps({ model: { backbone: { frozen } } });
    expect(partsOf(result)).toEqual({
      changed: [
        ...all.filter((part) => !(expected as readonly string[]).includes(part)),
        'head',
        'auxiliary',
      ],
      same: expected,
    });
    // The optimizer has nothing of the frozen parts, and no gradient is computed for them.
    expect(result.momenta).toBe(result.learning);
    expect(result.gradients).toBe(result.learning);
  });

  test.each(['resnest50', 'mobilenet_v2', 'mobilenet_v3_large'])('goes with %s', (kind) => {
    const result = trainSteps({ model: { backbone: { kind, frozen: 'stage1' } } });
    expect(partsOf(result)).toEqual({
      changed: ['stage2', 'stage3', 'stage4', 'head', 'auxiliary'],
      same: ['stem', 'stage1'],
    });
    expect(result.gradients).toBe(result.learning);
  });

  test('goes with activation checkpointing, which changes no bit', () => {
    const run = (activationCheckpointing: boolean) =>
      trainSteps({ model: { backbone: { frozen: 'stage2' }, activationCheckpointing } });
    const [plain, checkpointed] = [run(false), run(true)];
    expect(checkpointed.losses).toEqual(plain.losses);
    expect(checkpointed.after).toEqual(plain.after);
  });

  test('goes with accumulation, a learning rate of the backbone, clipping, weight decay and Adam', () => {
    const frozen = { backbone: { frozen: 'stage3' } };
    for (const changes of [
      { training: { iterations: 20, batchSize: 4, gradientAccumulationSteps: 2 } },
      { optimizer: { backboneScale: 0.1, clipNorm: 0.1, weightDecay: 0.1 } },
      { optimizer: { kind: 'adamw', backboneScale: 0.1 } },
    ]) {
      expect(partsOf(trainSteps({ model: frozen, ...changes })).same).toEqual(all.slice(0, 4));
    }
    const whole = trainSteps({ model: { backbone: { frozen: true } }, optimizer: { backboneScale: 0.1 } });
    expect(partsOf(whole).same).toEqual(all);
  });

  test('goes with a reweighter that steps the network by itself', () => {
    using _state = scope();
    const config = networkConfig({
      model: { backbone: { frozen: 'stage3' } },
      reweighter: { kind: 'meta-weight-net', hidden: 8 },
      clean: true,
    });
    const trainer = trainerOf(config, { names });
    const before = valuesOf(trainer.components.model.stateDict());
    takeSteps(trainer, { steps: 2, classCount: names.length, clean: true });
    const after = valuesOf(trainer.components.model.stateDict());
    trainer.dispose();
    expect(partsOf({ before, after }).same).toEqual(all.slice(0, 4));
  });

  test('stays frozen after an evaluation', () => {
    const trainer = trainerOf(networkConfig({ model: { backbone: { frozen: 'stage1' } } }), { names });
    const { model } = trainer.components;
    model.eval();
    model.train();
    const training = [...model.namedModules()].filter(([name]) => name.startsWith('backbone.'));
    expect(training.length).toBeGreaterThan(50);
    for (const [name, part] of training) {
      expect(part.training, name).toBe(!/^backbone\.(stem|stage1)/.test(name));
      expect(part.isFrozen, name).toBe(/^backbone\.(stem|stage1)/.test(name));
    }
    expect(model.training).toBe(true);
    trainer.dispose();
  });
});
