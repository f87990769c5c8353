/** Checks that gradients are averaged over two processes, whichever parameters a step uses. */
import { expect, test } from 'vitest';
import { resultsOf, runRanks } from './run-ranks.js';

type Gradients = (readonly number[] | null)[];

const times = (gradient: readonly number[] | null, factor: number) =>
  gradient === null ? null : gradient.map((value) => value * factor);

interface Report {
  readonly first: Gradients;
  readonly again: Gradients[];
  readonly others: Gradients[];
  readonly accumulated: Gradients[];
  readonly unfrozen: Gradients[];
  readonly values: readonly (readonly number[])[];
  readonly refused: { readonly name: string; readonly message: string } | null;
}

/** The mean of 1 and 2, by which the ranks 0 and 1 multiply. */
const mean = 1.5;

test('gradients are averaged, and parameters without one are left alone', async () => {
  const reports = await runRanks<Report>('gradients', { timeoutSeconds: 20 });
  const results = resultsOf(reports);
  for (const { first, again, others, accumulated, unfrozen, values, refused } of results) {
    const [, second = [], , , frozen = []] = values;
    const expected = [
      [mean, mean, mean],
      second.map((value) => Math.fround(2 * value) * mean),
      null,
      null,
      null,
      [mean, mean],
    ];
    expect(first).toEqual(roundly(expected));
    // The first step averages after its backward pass, later ones by the Reducer: both give the same bits.
    expect(again).toEqual([first, first]);
    const withOthers = [frozen.map((value) => value * mean), null, [15, 15, 15], null, null, null];
    expect(others).toEqual([roundly(withOthers), roundly(withOthers)]);
    const twice = expected.map((gradient) => times(gradient, 2));
    expect(accumulated).toEqual([roundly(twice), roundly(twice)]);
    const alone = [null, null, null, null, [mean, mean, mean], null];
    expect(unfrozen).toEqual([alone, alone]);
    expect(refused?.name).toBe('OperationError');
    expect(refused?.message).toMatch(/same parameters to have gradients on every rank/);
  }
  expect(results[0]).toEqual(results[1]);
  expect(reports.map(({ liveTensors }) => liveTensors)).toEqual([0, 0]);
});

function roundly(gradients: Gradients) {
  return gradients.map((gradient) => gradient?.map((value) => expect.closeTo(value, 5)) ?? null);
}
