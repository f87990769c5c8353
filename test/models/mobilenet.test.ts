/** Compares MobileNets with torchvision's (mobilenet-golden.py): features, gradients, names of published weights. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  backbones,
  loadBackboneWeights,
  MobileNet,
  type MobileNetKind,
  type OutputStride,
} from 'coarsely/models';
import {
  full,
  Generator,
  noGrad,
  setThreads,
  type Tensor,
  tensorFrom,
  tidy,
  writeSafetensors,
} from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { images, type Summary, uniform, values } from './deterministic-values.js';
import { expectClose } from './expect-close.js';

interface GoldenMobileNet {
  readonly evaluation: Summary[];
  readonly training: Summary[];
  readonly objective: number;
  readonly gradients: Record<string, Summary>;
  readonly gradientNorm: number;
  readonly runningVariance: Summary;
  /** Shapes of all tensors of the classification network, at one of the output strides. */
  readonly names: Record<string, number[]> | null;
}

const golden = JSON.parse(
  readFileSync(new URL('./mobilenet-golden.json', import.meta.url), 'utf8'),
) as Record<string, GoldenMobileNet>;

setThreads(1);

const cases = Object.keys(golden)
  .filter((key) => key !== 'torch')
  .map((key) => {
    const [, kind, width, outputStride] = key.match(/^(\w+), width ([\d.]+), output stride (\d+)$/) ?? [];
    return {
      key,
      kind: kind as MobileNetKind,
      width: Number(width),
      outputStride: Number(outputStride) as OutputStride,
    };
  });

function create(
  kind: MobileNetKind,
  options: { width?: number; outputStride?: OutputStride } = {},
): MobileNet {
  using generator = new Generator(1);
  const backbone = new MobileNet(kind, { ...options, generator });
  tidy(() =>
    noGrad(() => {
      for (const [name, tensor] of backbone.stateDict()) {
        tensor.copy_(values(torchvisionName(backbone, name), tensor.shape));
      }
    }),
  );
  return backbone;
}

function torchvisionName(backbone: MobileNet, name: string): string {
  return backbone.publishedName(name)[0] as string;
}

/** Puts the stem's feature, which comes last, before the stages. */
function inOrder(features: readonly Tensor[]): readonly Tensor[] {
  return [...features.slice(4), ...features.slice(0, 4)];
}

test('every width and output stride has golden numbers', () => {
  expect(new Set(cases.map(({ width }) => width))).toEqual(new Set([0.35, 0.75, 1, 1.4]));
  expect(cases).toHaveLength(6);
});

describe.each(cases)('$key', ({ key, kind, ...options }) => {
  const expected = golden[key] as GoldenMobileNet;

  test.each(['contiguous', 'channels-last'] as const)('features in evaluation, %s', (memoryFormat) => {
    const backbone = create(kind, options).to({ memoryFormat }).eval();
    tidy(() =>
      noGrad(() => {
        const batch = images([3, 3, 64, 96]).contiguous({ memoryFormat });
        const features = inOrder(backbone.forward(batch, { stem: true }));
        expect(features).toHaveLength(5);
        for (const [index, feature] of features.entries()) {
          expectClose(feature, expected.evaluation[index] as Summary);
        }
        expect(backbone.forward(batch)).toHaveLength(4);
      }),
    );
    backbone.dispose();
  });

  test.each(['contiguous', 'channels-last'] as const)(
    'features, gradients and running statistics in training, %s',
    (memoryFormat) => {
      const backbone = create(kind, options).to({ memoryFormat });
      tidy(() => {
        const batch = images([3, 3, 64, 96]).contiguous({ memoryFormat });
        const features = inOrder(backbone.forward(batch, { stem: true }));
        let objective: Tensor | null = null;
        for (const [index, feature] of features.entries()) {
          expectClose(feature, expected.training[index] as Summary, 3e-4);
          const direction = Float32Array.from(uniform(`direction${index}`, feature.numel), (u) => 2 * u - 1);
          const term = feature.mul(tensorFrom(direction, { dtype: 'float32', shape: feature.shape })).mean();
          objective = objective === null ? term : objective.add(term);
        }
        objective?.backward();
        let squares = 0;
        for (const [name, parameter] of backbone.namedParameters()) {
          const summary = expected.gradients[torchvisionName(backbone, name)];
          squares += parameter.grad?.square().sum().item() ?? Number.NaN;
          if (summary !== undefined) expectClose(parameter.grad as Tensor, summary, 0.01);
        }
        expect(Math.sqrt(squares) / expected.gradientNorm).toBeCloseTo(1, 3);
        for (const [name, buffer] of backbone.namedBuffers()) {
          if (/^features\.5\.\w+\.0\.1\.running_var$/.test(torchvisionName(backbone, name))) {
            expectClose(buffer, expected.runningVariance);
          }
        }
        for (const parameter of backbone.parameters()) parameter.zeroGrad_();
      });
      backbone.dispose();
    },
  );
});

test.each(['mobilenet_v2', 'mobilenet_v3_large'] as const)(
  '%s starts from values as torchvision draws them: variance 2 / fan-out, normalizations 1 and 0, biases 0',
  (kind) => {
    using generator = new Generator(1);
    const backbone = new MobileNet(kind, { generator });
    for (const [name, parameter] of backbone.namedParameters()) {
      const numbers = parameter.toTypedArray() as Float32Array;
      if (parameter.ndim === 4) {
        const [outputs = 0, , height = 0, width = 0] = parameter.shape;
        // Counted over the outputs of the whole layer, also where each filter has one input.
        const scaled = numbers.map((value) => value * Math.sqrt((outputs * height * width) / 2));
        const variance = scaled.reduce((sum, value) => sum + value * value, 0) / scaled.length;
        // Six standard deviations of the variance of so many draws.
        expect(Math.abs(variance - 1), name).toBeLessThan(6 * Math.sqrt(2 / scaled.length));
      } else {
        expect(new Set(numbers), name).toEqual(new Set([name.endsWith('weight') ? 1 : 0]));
      }
    }
    backbone.dispose();
  },
);

describe("torchvision's weight files", () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coarsely-mobilenet-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test.each(cases.filter(({ key }) => golden[key]?.names))(
    '$kind loads by their names, and nothing but the classifier is left',
    ({ key, kind, ...options }) => {
      const shapes = Object.entries(golden[key]?.names ?? {});
      const path = join(folder, `${kind}.safetensors`);
      // Tensor number i holds i everywhere.
      tidy(() => {
        const tensors = shapes.map(([name, shape], index): [string, Tensor] => [
          name,
          full(shape, { value: index, dtype: name.endsWith('tracked') ? 'int64' : 'float32' }),
        ]);
        writeSafetensors(path, new Map(tensors));
      });
      const backbone = create(kind, options);
      const { loaded, missing, unexpected, unused } = loadBackboneWeights(backbone, path);
      expect([missing, unexpected]).toEqual([[], []]);
      expect(loaded.length + unused.length).toBe(shapes.length);
      const parts = unused
        .filter((name) => !name.endsWith('tracked'))
        .map((name) => name.split('.').slice(0, 2).join('.'));
      expect([...new Set(parts)]).toEqual(
        kind === 'mobilenet_v2' ? ['features.18', 'classifier.1'] : ['classifier.0', 'classifier.3'],
      );
      const places = new Map(shapes.map(([name], index) => [name, index]));
      tidy(() => {
        for (const [name, tensor] of backbone.stateDict()) {
          const place = places.get(torchvisionName(backbone, name));
          expect([tensor.min().item(), tensor.max().item()], name).toEqual([place, place]);
        }
      });
      backbone.dispose();
    },
  );

  test("mmsegmentation's MobileNetV2 loads too, and one prefix is removed", () => {
    const first = create('mobilenet_v2');
    const path = join(folder, 'mobilenet_v2.safetensors');
    const names = [...first.stateDict()].map(
      ([name, tensor]) => [`backbone.${first.publishedName(name)[1]}`, tensor] as const,
    );
    expect(names.map(([name]) => name)).toContain('backbone.layer7.0.conv.2.bn.running_var');
    writeSafetensors(path, new Map(names));
    using generator = new Generator(2);
    const second = new MobileNet('mobilenet_v2', { generator });
    const { missing, unexpected, unused } = loadBackboneWeights(second, path);
    expect([missing, unexpected, unused]).toEqual([[], [], []]);
    tidy(() => {
      const loaded = second.stateDict();
      for (const [name, tensor] of first.stateDict()) {
        expect(loaded.get(name) as Tensor, name).toBeAllclose(tensor, { absolute: 0 });
      }
    });
    first.dispose();
    second.dispose();
  });

  test.each([
    [
      { kind: 'mobilenet_v2', width: 0.5 },
      { kind: 'mobilenet_v2' },
      'holds mobilenet_v2 of width 0.5, but the backbone is mobilenet_v2; ' +
        'write model.backbone: { kind: mobilenet_v2, width: 0.5 }, or give other weights',
    ],
    [
      { kind: 'mobilenet_v2' },
      { kind: 'mobilenet_v2', width: 1.4 },
      'holds mobilenet_v2, but the backbone is mobilenet_v2 of width 1.4; ' +
        'write model.backbone: { kind: mobilenet_v2 }, or give other weights',
    ],
    [
      { kind: 'mobilenet_v3_large' },
      { kind: 'mobilenet_v2' },
      'holds mobilenet_v3_large, but the backbone is mobilenet_v2; ' +
        'write model.backbone: { kind: mobilenet_v3_large }, or give other weights',
    ],
    [
      { kind: 'mobilenet_v2' },
      { kind: 'resnet18', stem: 'torchvision' },
      "holds mobilenet_v2, but the backbone is resnet18 with torchvision's stem; " +
        'write model.backbone: { kind: mobilenet_v2 }, or give other weights',
    ],
    [
      { kind: 'resnet18', stem: 'torchvision' },
      { kind: 'mobilenet_v3_large' },
      "holds resnet18 with torchvision's stem, but the backbone is mobilenet_v3_large; " +
        'write model.backbone: { kind: resnet18, stem: torchvision }, or give other weights',
    ],
  ] as const)('weights of %o are refused by %o in one line', (held, wanted, message) => {
    using generator = new Generator(1);
    const createBackbone = ({ kind, ...options }: typeof held | typeof wanted) => {
      const component = backbones.get(kind);
      return tidy(() => component.create(component.options.parse(options), { generator }));
    };
    const [source, target] = [createBackbone(held), createBackbone(wanted)];
    const path = join(folder, 'other.safetensors');
    const named = [...source.stateDict()].map(
      ([name, tensor]) => [[source.publishedName?.(name) ?? name].flat()[0] as string, tensor] as const,
    );
    writeSafetensors(path, new Map(named));
    expect(() => loadBackboneWeights(target, path)).toThrow(
      expect.objectContaining({ code: 'checkpoint', message: `${path}: ${message}` }),
    );
    source.dispose();
    target.dispose();
  });
});
