/**
 * Runs in every test file before its tests. Each test must end with as many live tensors as it began with, and each file
 * must leave the engine as it found it. `expect(...).toBeAllclose(...)` compares tensors.
 */

import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { type Comparable, findDifference, type Tolerance } from './allclose.js';
import { removeTemporaryFolders } from './temporary-folders.js';

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

afterAll(removeTemporaryFolders);

const { cache } = createRequire(import.meta.url);

/** Returns the room `torch` when the engine is loaded; suites that need none are not to load it. */
async function loadedEngine() {
  const isLoaded = Object.keys(cache).some((path) => path.endsWith('/coarsely.node'));
  return isLoaded ? await import('coarsely/torch') : null;
}

async function countLiveTensors(): Promise<number> {
  return (await loadedEngine())?.liveTensorCount() ?? 0;
}

let liveBefore = 0;
beforeEach(async () => {
  liveBefore = await countLiveTensors();
});
// Hooks run after those of the test file, which may dispose what the file keeps for each test.
afterEach(async () => {
  expect(await countLiveTensors(), 'live tensors after the test').toBe(liveBefore);
});

// Files share processes, so each must leave the settings of the engine as it found them.
afterAll(async () => {
  const torch = await loadedEngine();
  if (!torch) return;
  const isDeterministic = torch.setDeterministic(false);
  expect({ threads: torch.threads(), isDeterministic, live: torch.liveTensorCount() }).toEqual({
    threads: 1,
    isDeterministic: false,
    live: 0,
  });
});
