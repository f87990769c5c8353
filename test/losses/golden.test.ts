/** Compares losses, confidences and their gradients with PyTorch in float64 (`losses-golden.py` wrote the numbers). */
import { readFileSync } from 'node:fs';
import { losses } from 'coarsely/losses';
import { confidences } from 'coarsely/reweighting';
import { scope, tensorFrom } from 'coarsely/torch';
import { expect, test } from 'vitest';

interface Entry {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Golden extends Readonly<Record<'logits' | 'labels' | 'logScale' | 'cotangent', Entry>> {
  readonly losses: readonly {
    readonly kind: string;
    readonly options: Readonly<Record<string, number>>;
    readonly losses: Entry;
    readonly logitsGradient: Entry;
    readonly logScaleGradient?: Entry;
  }[];
  readonly confidences: readonly {
    readonly kind: string;
    readonly values: Entry;
    readonly logitsGradient: Entry;
  }[];
}

const golden = JSON.parse(readFileSync(new URL('losses-golden.json', import.meta.url), 'utf8')) as Golden;
const classCount = golden.logits.shape[1] ?? 0;

const float = ({ data, shape }: Entry) => tensorFrom(data, { dtype: 'float32', shape });

/** Accepts differences of `rounding` relative to 1 + |expected|. */
const within = (rounding: number) => ({ absolute: rounding, relative: rounding });

test.each(
  golden.losses.map((entry) => ({ ...entry, name: `${entry.kind} ${JSON.stringify(entry.options)}` })),
)('$name', ({ kind, options, ...expected }) => {
  using _inner = scope();
  const component = losses.get(kind);
  const loss = component.create(component.options.parse(options), { classCount });
  const logits = float(golden.logits).requiresGrad_();
  const logScale = float(golden.logScale).requiresGrad_();
  const labels = tensorFrom(golden.labels.data, { dtype: 'int64', shape: golden.labels.shape });
  const values = loss(logits, labels, { extraHeads: { logScale } });
  values.mul(float(golden.cotangent)).sum().backward();
  expect(values).toBeAllclose(expected.losses, within(1e-6));
  expect(logits.grad).toBeAllclose(expected.logitsGradient, within(1e-6));
  if (expected.logScaleGradient === undefined) expect(logScale.grad).toBeNull();
  else expect(logScale.grad).toBeAllclose(expected.logScaleGradient, within(1e-6));
});

test.each(golden.confidences)('confidence $kind', ({ kind, values, logitsGradient }) => {
  using _inner = scope();
  const component = confidences.get(kind);
  const confidence = component.create(component.options.parse({ detach: false }), { classCount });
  const logits = float(golden.logits).requiresGrad_();
  const actual = confidence(logits);
  actual.mul(float(golden.cotangent)).sum().backward();
  expect(actual).toBeAllclose(values, within(1e-5));
  expect(logits.grad).toBeAllclose(logitsGradient, within(1e-5));
});
