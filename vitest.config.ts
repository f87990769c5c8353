import { defineConfig } from 'vitest/config';

// Tests import the public surface (`coarsely/...`), which resolves to the built dist/: workers and the native addon
// are then loaded exactly as a user's program loads them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
