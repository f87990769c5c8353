/**
 * Compares convolutions of every dtype, grouping, epilogue, geometry and layout with sums in float64, with the
 * instructions of this processor and with fewer, as oneDNN has other kernels, and lacks other types, on each level.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const program = join(import.meta.dirname, 'programs/convolutions.mjs');

interface Report {
  readonly compared: number;
  readonly failures: readonly string[];
  readonly liveTensors: number;
}

test.each(['DEFAULT', 'SSE41', 'AVX2', 'AVX512_CORE', 'AVX512_CORE_VNNI', 'AVX512_CORE_BF16'])(
  'oneDNN with the instructions of %s',
  async (isa) => {
    const { stdout } = await run(process.execPath, [program], {
      env: { ...process.env, ONEDNN_MAX_CPU_ISA: isa, OMP_NUM_THREADS: '1' },
    });
    const { compared, failures, liveTensors }: Report = JSON.parse(stdout);
    expect(failures).toEqual([]);
    // Types, groupings and geometries; four epilogues in two layouts and three ways, and four in one layout and two ways.
    expect(compared).toBe(3 * 5 * 7 * (4 * 2 * 3 + 4 * 2));
    expect(liveTensors).toBe(0);
  },
);
