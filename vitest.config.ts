import { defineConfig } from 'vitest/config';

// Tests import the public surface (`coarsely/...`), which resolves to the built dist/: workers and the native addon
// are then loaded exactly as a user's program loads them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // One test file a core: threads of one file would only spin against those of the other.
    env: { OMP_NUM_THREADS: '1', OMP_WAIT_POLICY: 'passive' },
    // Only to end what hangs: a busy machine may take minutes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
