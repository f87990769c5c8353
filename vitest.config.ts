import { defineConfig } from 'vitest/config';

/**
 * Suites that train networks, compile, or start programs, and those that register components for their whole process.
 * Each file of them runs in a process of its own.
 */
const slowSuites = [
  'test/{cli,distributed,docs,examples,golden,project,training,web}/**/*.test.ts',
  'test/audit/judge-audit.test.ts',
  'test/coarsen/{inject-errors,simulate-points}.test.ts',
  'test/data/batch-loader.test.ts',
  'test/evaluation/{large-image,protocol}.test.ts',
  'test/experiments/command.test.ts',
  'test/analysis/{recording,theory}.test.ts',
  'test/plan/planning.test.ts',
  'test/quick/{train-run,trusted-labels}.test.ts',
  'test/figures/figures.test.ts',
  'test/losses/fused-pixel-loss.test.ts',
  'test/models/{backbone-contract,combinations,mmsegmentation,pretrained,published-variants}.test.ts',
  'test/report/write-report.test.ts',
  'test/runs/kill.test.ts',
  'test/torch/convolutions.test.ts',
  'test/torch/cuda-kernels.test.ts',
];

// Tests import `coarsely/...` and `#...`, which resolve to the built dist/: workers and the native addon are then loaded
// exactly as a user's program loads them.
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: slowSuites,
          // Files share processes, as loading the engine takes longer than most of their tests.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'slow', include: slowSuites } },
    ],
    globalSetup: ['test/support/assets.ts'],
    setupFiles: ['test/support/setup.ts'],
    unstubEnvs: true,
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
