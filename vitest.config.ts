import { defineConfig } from 'vitest/config';

// Tests import `coarsely/...` and `#...`, which resolve to the built dist/: workers and the native addon are then loaded
// exactly as a user's program loads them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Each core runs one test file, so threads of one file would only wait for cores that the other uses.
    env: { OMP_NUM_THREADS: '1', OMP_WAIT_POLICY: 'passive' },
    // Only ends tests that hang, as a busy machine may take minutes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
