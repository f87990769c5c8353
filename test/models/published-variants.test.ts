/**
 * Networks of mmsegmentation whose configs differ where tensors leave no trace predict what PyTorch predicts
 * (published-variants.py), through the whole way: config text, normalization, windows, logits.
 */
import { readFileSync } from 'node:fs';
import { normalizeImage } from 'coarsely/data';
import { inferLogits } from 'coarsely/evaluation';
import { crossEntropy } from 'coarsely/losses';
import { Dropout2d } from 'coarsely/nn';
import { cat, noGrad, ops, setThreads, type Tensor, tensorFrom, tidy, zeros } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { createPublishedSegmentor } from '#models/pretrained/published-segmentor.js';
import { type Summary, uniform, values } from './deterministic-values.js';
import { expectClose } from './expect-close.js';
import { tensorsOfLayer } from './published-names.js';

interface Variant {
  readonly config: string;
  readonly layers: string;
  readonly logits: Summary;
  readonly labels: readonly number[];
}

type Layers = Readonly<Record<string, string>>;

const golden = JSON.parse(readFileSync(new URL('./published-variants.json', import.meta.url), 'utf8')) as {
  readonly layers: Readonly<Record<string, Layers>>;
  readonly variants: Readonly<Record<string, Variant>>;
  readonly training: {
    readonly layers: Layers;
    readonly objective: number;
    readonly logits: Summary;
    readonly auxiliary: Summary;
    readonly running_mean: Summary;
    readonly gradients: Readonly<Record<string, Summary>>;
  };
};

setThreads(1);

const [height, width, classCount] = [65, 89, 5];
function tensorsOf(layers: Layers): Map<string, Tensor> {
  const shapes = Object.entries(layers).flatMap(([name, layer]) => tensorsOfLayer(name, layer));
  return new Map(
    shapes.map(([name, shape]) => [
      name,
      name.endsWith('num_batches_tracked') ? zeros(shape, { dtype: 'int64' }) : values(name, shape),
    ]),
  );
}

/** Returns the image of published-variants.py, [height, width, RGB]. */
function image(): Uint8Array {
  const noise = uniform('image', height * width * 3);
  return Uint8Array.from(noise, (one, index) => {
    const channel = index % 3;
    const x = Math.floor(index / 3) % width;
    const y = Math.floor(index / 3 / width);
    return ((x * (channel + 2) * 5 + y * (7 - channel) * 3) % 211) + Math.floor(one * 45);
  });
}

function load({ config, layers }: Variant) {
  const tensors = tensorsOf(golden.layers[layers] ?? {});
  return createPublishedSegmentor({ tensors, meta: new Map([['config', config]]) }, { path: 'x.pth' });
}

function predict(published: ReturnType<typeof load>): Tensor {
  const { cropSize, stride } = published.inference ?? { cropSize: null, stride: null };
  const window = cropSize === null || stride === null ? null : { cropSize, stride };
  const { normalization } = published;
  return inferLogits(published.segmentor.eval(), [{ width, height, image: image() }], {
    precision: 'float32',
    normalization,
    window,
  });
}

describe.each(Object.entries(golden.variants))('%s', (_, variant) => {
  test('logits and labels are those of PyTorch', () => {
    tidy(() =>
      noGrad(() => {
        const published = load(variant);
        const logits = predict(published);
        expectClose(logits, variant.logits, 1e-3);
        const labels = logits.argmax(1).to({ dtype: 'int64' }).toTypedArray();
        const counts = Array.from(
          { length: classCount },
          (_, id) => [...labels].filter((one) => Number(one) === id).length,
        );
        const moved = counts.reduce((sum, count, id) => sum + Math.abs(count - (variant.labels[id] ?? 0)), 0);
        // A label may tip over where two classes are equal to rounding.
        expect(moved).toBeLessThanOrEqual(4);
        published.segmentor.dispose();
      }),
    );
  });
});

test('logits of another scale are resized with aligned corners too', () => {
  const variant = golden.variants['plain stem, ResNet-18'];
  if (variant === undefined) throw new Error('expected the variant');
  tidy(() =>
    noGrad(() => {
      const { segmentor } = load(variant);
      segmentor.eval();
      const images = [{ width, height, image: image() }];
      const received = inferLogits(segmentor, images, { precision: 'float32', scales: [0.75] });
      const whole = tensorFrom(normalizeImage(image(), { width, height }), {
        dtype: 'float32',
        shape: [1, 3, height, width],
      });
      const [smallHeight, smallWidth] = [Math.round(height * 0.75), Math.round(width * 0.75)] as const;
      const small = ops.upsampleBilinear2d(whole, [smallHeight, smallWidth], false);
      const { logitsNCHW } = segmentor.forward(small);
      expect(received).toBeAllclose(ops.upsampleBilinear2d(logitsNCHW, [height, width], true), {
        absolute: 1e-3,
        relative: 1e-3,
      });
      segmentor.dispose();
    }),
  );
});

test('no two configs of the same tensors compute nearly the same, so that none can be taken for another', () => {
  const variants = Object.entries(golden.variants);
  for (const [name, one] of variants) {
    for (const [otherName, other] of variants) {
      if (name >= otherName || one.layers !== other.layers) continue;
      const difference = one.logits.samples.map((value, index) =>
        Math.abs(value - (other.logits.samples[index] ?? 0)),
      );
      const size = one.logits.norm / Math.sqrt(height * width * classCount);
      expect(Math.max(...difference) / size, `${name}, ${otherName}`).toBeGreaterThan(0.02);
    }
  }
});

test('training aligns corners in the losses too, and leaves the statistics of a backbone with norm_eval', () => {
  const expected = golden.training;
  const dict = (values: Record<string, unknown>) => new Map(Object.entries(values));
  // A config that was pickled as a dict, with lists where a text has tuples.
  const model = dict({
    type: 'EncoderDecoder',
    backbone: dict({
      type: 'ResNetV1c',
      depth: 18,
      strides: [1, 2, 2, 1],
      dilations: [1, 1, 1, 2],
      contract_dilation: true,
      norm_eval: true,
    }),
    decode_head: dict({
      type: 'DepthwiseSeparableASPPHead',
      in_index: 3,
      dilations: [1, 6, 12, 18],
      align_corners: true,
    }),
  });
  tidy(() => {
    const contents = { tensors: tensorsOf(expected.layers), meta: new Map([['config', dict({ model })]]) };
    const { segmentor, section } = createPublishedSegmentor(contents, { path: 'x.pth' });
    expect(section).toMatchObject({ alignCorners: true, backbone: { normEval: true, outputStride: 16 } });
    segmentor.train();
    for (const part of segmentor.namedModules().values())
      if (part instanceof Dropout2d) part.training = false;
    const whole = tensorFrom(normalizeImage(image(), { width, height }), {
      dtype: 'float32',
      shape: [1, 3, height, width],
    });
    const crop = whole.narrow(2, 0, 48).narrow(3, 0, 64);
    const input = cat([crop, ops.flip(crop, [3])], 0).contiguous({ memoryFormat: 'channels-last' });
    const labels = tensorFrom(
      Uint8Array.from(uniform('labels', 2 * 48 * 64), (one) => Math.floor(one * classCount)),
      { dtype: 'uint8', shape: [2, 48, 64] },
    ).to({ dtype: 'int64' });
    const { logitsNCHW, auxiliaryLogitsNCHW } = segmentor.forwardLogits(input);
    if (auxiliaryLogitsNCHW === null) throw new Error('expected auxiliary logits in training');
    expectClose(logitsNCHW, expected.logits, 1e-3);
    expectClose(auxiliaryLogitsNCHW, expected.auxiliary, 1e-3);
    const objective = crossEntropy(logitsNCHW, labels)
      .mean()
      .add(crossEntropy(auxiliaryLogitsNCHW, labels).mean().mul(0.4));
    expect(objective.item()).toBeCloseTo(expected.objective, 4);
    objective.backward();
    expectClose(
      segmentor.stateDict().get('backbone.stage4.1.bn2.running_mean') as Tensor,
      expected.running_mean,
    );
    const places: Record<string, string> = {
      'backbone.stem.0.weight': 'backbone.stem.0.conv.weight',
      'backbone.layer2.0.bn1.weight': 'backbone.stage2.0.bn1.weight',
      'backbone.layer4.1.conv2.weight': 'backbone.stage4.1.conv2.weight',
      'decode_head.bottleneck.conv.weight': 'head.bottleneck.conv.weight',
      'decode_head.conv_seg.bias': 'head.classifier.bias',
      'auxiliary_head.convs.0.conv.weight': 'auxiliary.conv.conv.weight',
    };
    const parameters = segmentor.namedParameters();
    for (const [name, gradient] of Object.entries(expected.gradients)) {
      expectClose(parameters.get(places[name] ?? '')?.grad as Tensor, gradient, 0.01);
    }
    segmentor.dispose();
  });
});
