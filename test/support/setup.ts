/**
 * Runs in every test file before its tests: each test must end with as many live tensors as it began with, and
 * `expect(...).toBeAllclose(...)` compares tensors.
 */

import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect } from 'vitest';
import { type Comparable, findDifference, type Tolerance } from './allclose.js';

declare module 'vitest' {
  interface Matchers<T> {
    /** Expects every element to be close; without a tolerance, to be equal. */
    toBeAllclose(expected: Comparable, tolerance?: Tolerance): T;
  }
}

expect.extend({
  toBeAllclose(received: Comparable, expected: Comparable, tolerance: Tolerance = {}) {
    const difference = findDifference(received, expected, tolerance);
    return {
      pass: difference === null,
      message: () => difference ?? 'expected the tensors to differ, and all elements are close',
    };
  },
});

const { cache } = createRequire(import.meta.url);

/** Counts live tensors without loading the engine in suites that need none. */
async function countLiveTensors(): Promise<number> {
  if (!Object.keys(cache).some((path) => path.endsWith('/coarsely.node'))) return 0;
  const { liveTensorCount } = await import('coarsely/torch');
  return liveTensorCount();
}

let liveBefore = 0;
beforeEach(async () => {
  liveBefore = await countLiveTensors();
});
// Hooks run after those of the test file, which may dispose what the file keeps for each test.
afterEach(async () => {
  expect(await countLiveTensors(), 'live tensors after the test').toBe(liveBefore);
});
