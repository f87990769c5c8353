/**
 * Ten training steps against PyTorch's (`generate.py` wrote `steps.json`): every loss within 1e-5, the reweighting
 * module's parameters within 1e-4.
 */
import { readFileSync } from 'node:fs';
import { crossEntropy } from 'coarsely/losses';
import {
  DeepLabV3Plus,
  FcnHead,
  type OutputStride,
  ResNet,
  type ResNetDepth,
  Segmentor,
} from 'coarsely/models';
import { Sgd, schedules } from 'coarsely/optim';
import { Arm, variance } from 'coarsely/reweighting';
import { Generator, setThreads, type Tensor, tidy } from 'coarsely/torch';
import { trainStep } from 'coarsely/training';
import { beforeEach, expect, test } from 'vitest';
import { armParameters, fillArmWithHash, fillWithHash, hashedImages, hashedLabels } from './hashing.js';

interface GoldenStep {
  readonly learningRate: number;
  readonly isolated: boolean;
  readonly total: number;
  readonly mean: number;
  readonly auxiliary: number;
  readonly q?: number;
}

interface GoldenCase {
  readonly name: string;
  readonly depth: ResNetDepth;
  readonly outputStride: OutputStride;
  readonly shape: readonly [number, number, number, number];
  readonly baseLearningRate: number;
  readonly total: number;
  readonly arm: boolean;
  readonly armScale: number;
  readonly steps: readonly GoldenStep[];
  readonly armParameters: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL('steps.json', import.meta.url), 'utf8')) as {
  readonly classCount: number;
  readonly cases: readonly GoldenCase[];
};

type MemoryFormat = 'contiguous' | 'channels-last';

beforeEach(() => {
  setThreads(1);
});

function createModel({ depth, outputStride }: GoldenCase): Segmentor {
  using generator = new Generator(0);
  const { classCount } = golden;
  const model = tidy(() => {
    const backbone = new ResNet(depth, { outputStride, generator });
    const shared = { backbone, classCount, dropout: 0, generator };
    return new Segmentor({
      backbone,
      head: new DeepLabV3Plus({ ...shared, channels: depth >= 50 ? 512 : 256 }),
      auxiliary: new FcnHead(shared),
    });
  });
  fillWithHash(model);
  return model;
}

function createArm({ arm, armScale }: GoldenCase): Arm | null {
  if (!arm) return null;
  using generator = new Generator(0);
  const reweighter = tidy(() => new Arm({ generator, learningRateScale: armScale }));
  fillArmWithHash(reweighter);
  return reweighter;
}

/** Runs a case and returns what `steps.json` holds of it. */
function runCase(goldenCase: GoldenCase, memoryFormat: MemoryFormat) {
  const model = createModel(goldenCase);
  model.to({ memoryFormat });
  const arm = createArm(goldenCase);
  const adversary = arm?.adversarialParameters();
  const { baseLearningRate, total, shape } = goldenCase;
  const optimizer = new Sgd([{ parameters: model.parameters() }, ...(adversary ? [adversary] : [])], {
    learningRate: baseLearningRate,
  });
  const component = schedules.get('multi-step');
  const schedule = component.create(component.options.parse({}), { learningRate: baseLearningRate });
  const components = {
    model,
    optimizer,
    pixelLoss: crossEntropy,
    confidence: variance,
    reweighter: arm,
    reduction: 'valid',
    auxiliaryWeight: 0.4,
  } as const;

  const steps = goldenCase.steps.map(({ isolated }, step) =>
    tidy(() => {
      const learningRate = baseLearningRate * schedule(step, total);
      optimizer.setLearningRate(learningRate);
      const batch = { step, shape, classCount: golden.classCount };
      const losses = trainStep(
        components,
        { imagesNCHW: hashedImages(batch).contiguous({ memoryFormat }), labelsNHW: hashedLabels(batch) },
        { phase: isolated ? 'isolated' : 'joint', precision: 'float32' },
      );
      const read = (loss: Tensor | null) => loss?.item();
      return {
        learningRate,
        total: read(losses.objective),
        mean: read(losses.main),
        auxiliary: read(losses.auxiliary),
        q: read(losses.weighted),
      };
    }),
  );
  const parameters = arm ? armParameters(arm) : [];
  optimizer.zeroGrad();
  optimizer.dispose();
  model.dispose();
  arm?.dispose();
  return { steps, parameters };
}

function relativeDifference(ours: number | undefined, theirs: number): number {
  return Math.abs((ours ?? Number.NaN) - theirs) / Math.abs(theirs);
}

const runs = golden.cases.flatMap((goldenCase) => {
  // The layout that training uses, on the case that has every part.
  const formats: MemoryFormat[] =
    goldenCase.name === 'r18-os16-arm-fast' ? ['contiguous', 'channels-last'] : ['contiguous'];
  return formats.map((memoryFormat) => ({ name: goldenCase.name, memoryFormat, goldenCase }));
});

test.each(runs)('$name, $memoryFormat', { timeout: 300_000 }, ({ goldenCase, memoryFormat }) => {
  const ours = runCase(goldenCase, memoryFormat);
  for (const [step, theirs] of goldenCase.steps.entries()) {
    for (const name of ['learningRate', 'total', 'mean', 'auxiliary', 'q'] as const) {
      const expected = theirs[name];
      if (expected === undefined) {
        expect(ours.steps[step]?.[name], `${name} at step ${step}`).toBeUndefined();
      } else {
        const difference = relativeDifference(ours.steps[step]?.[name], expected);
        expect(difference, `${name} at step ${step}`).toBeLessThan(1e-5);
      }
    }
  }
  expect(ours.parameters.length).toBe(goldenCase.arm ? 53 : 0);
  for (const [index, expected] of goldenCase.armParameters.entries()) {
    expect(Math.abs((ours.parameters[index] as number) - expected), `parameter ${index}`).toBeLessThan(1e-4);
  }
});
