/** The parts of a dataset that train and that evaluate have one list of classes. */
import { expect, test } from 'vitest';
import { expectSameClasses } from '#training/agreement.js';

const list = (...names: readonly string[]) => ({
  classes: names.map((name) => ({ name, color: [0, 0, 0] as const })),
});

test('the same list passes, and another is refused with the difference', () => {
  expect(() => expectSameClasses(list('a', 'b'), list('a', 'B'))).not.toThrow();
  expect(() => expectSameClasses(list('a', 'b'), list('b', 'a'))).toThrow(
    'data.evaluation: expected the classes of data.train in their order; the order differs',
  );
  expect(() => expectSameClasses(list('a', 'b'), list('a', 'c'))).toThrow(
    'data.evaluation: expected the classes of data.train in their order; data.train alone has b; data.evaluation alone has c',
  );
});
