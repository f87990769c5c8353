/** Checks that options of a program are held to a schema, and refused in words of the operation. */
import { OperationError } from 'coarsely/errors';
import { parseOptions } from 'coarsely/registry';
import { expect, test } from 'vitest';
import { z } from 'zod';

const options = z.strictObject({
  q: z.number().min(0).max(1).default(0.1),
  momentum: z.number().min(0).lt(1).default(0.9),
  rate: z.number().positive().default(1e-3),
  bins: z.int().min(2).default(64),
  p: z.union([z.literal(1), z.literal(2)]).default(2),
  order: z.union([z.literal(2), z.literal(3)], { error: 'expected 2 or 3: 1 has no maximum' }).default(2),
  grid: z.tuple([z.int().min(1), z.int().min(1)]).default([16, 32]),
  kind: z.enum(['deep', 'plain']).default('deep'),
});

test('defaults are filled in, also for undefined', () => {
  const parsed = parseOptions('made', options, { q: 0.7, bins: undefined });
  expect(parsed).toMatchObject({ q: 0.7, bins: 64, grid: [16, 32], kind: 'deep' });
});

test.each([
  [{ q: 1.5 }, 'made: expected q in [0, 1], received 1.5'],
  [{ q: -1 }, 'made: expected q in [0, 1], received -1'],
  [{ q: Number.NaN }, 'made: expected q in [0, 1], received NaN'],
  [{ momentum: 1 }, 'made: expected momentum in [0, 1), received 1'],
  [{ rate: 0 }, 'made: expected rate of more than 0, received 0'],
  [{ rate: Number.POSITIVE_INFINITY }, 'made: expected rate to be finite, received Infinity'],
  [{ rate: 'fast' }, 'made: expected rate to be a number, received "fast"'],
  [{ bins: 1 }, 'made: expected bins of at least 2, received 1'],
  [{ bins: 2.5 }, 'made: expected bins to be a whole number, received 2.5'],
  [{ p: 3 }, 'made: expected p to be 1 or 2, received 3'],
  [{ order: 1 }, 'made: expected order to be 2 or 3: 1 has no maximum, received 1'],
  [{ grid: [0, 4] }, 'made: expected grid.0 of at least 1, received 0'],
  [{ kind: 'wide' }, 'made: expected kind to be one of deep, plain, received "wide"'],
  [{ kinf: 'deep' }, 'made: unknown option kinf; did you mean kind?'],
  [{ depth: 1 }, 'made: unknown option depth (known here: q, momentum, rate, bins, p, order, grid, kind)'],
])('%j is refused', (given, message) => {
  expect(() => parseOptions('made', options, given)).toThrow(new OperationError(message));
});
