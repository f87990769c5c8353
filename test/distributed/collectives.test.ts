/** Checks the collectives of a process group, and the gradient of the sum, between real processes. */
import { readRankEnvironment } from 'coarsely/distributed';
import { ConfigError } from 'coarsely/errors';
import { describe, expect, test } from 'vitest';
import { resultsOf, runRanks } from './run-ranks.js';

interface Collectives {
  readonly sum: number[];
  readonly max: number[];
  readonly bfloat16: number[];
  readonly int64: number[];
  readonly float64: number[];
  readonly transposed: number[];
  readonly broadcast: number[];
  readonly channelsLast: number[];
  readonly differentiableSum: number;
  readonly gradient: number[];
}

test('collectives among three processes', async () => {
  const reports = await runRanks<Collectives>('collectives', { worldSize: 3 });
  const results = resultsOf(reports);
  for (const result of results) {
    expect(result.sum).toEqual([6, 60]);
    expect(result.max).toEqual([3, -1]);
    expect(result.bfloat16).toEqual([6, 1.5]);
    expect(result.int64).toEqual([6 * 2 ** 40]);
    expect(result.float64[0]).toBeCloseTo(2, 14);
    expect(result.transposed).toEqual([6, 12, 6, 15, 9, 18]);
    expect(result.broadcast).toEqual([2, 2]);
    // Rank r holds [1, 2] · (r + 1), so Σ x² = 5 · (1 + 4 + 9).
    expect(result.differentiableSum).toBe(70);
  }
  expect(results[1]?.channelsLast).toEqual(results[0]?.channelsLast);
  expect(results[2]?.channelsLast).toEqual(results[0]?.channelsLast);
  // d/dx_r Σ_r (r + 1) S² = 2 · (1 + 2 + 3) · S · 2 x_r
  for (const [rank, { gradient }] of results.entries())
    expect(gradient).toEqual([1, 2].map((place) => 24 * 70 * place * (rank + 1)));
  expect(reports.map(({ liveTensors }) => liveTensors)).toEqual([0, 0, 0]);
});

describe('the environment', () => {
  const complete = { RANK: '3', WORLD_SIZE: '8', LOCAL_RANK: '1', MASTER_ADDR: 'head', MASTER_PORT: '4000' };

  test('is a single process without RANK and WORLD_SIZE', () => {
    expect(readRankEnvironment({ LOCAL_RANK: '0' })).toBeNull();
  });

  test('names a rank', () => {
    expect(readRankEnvironment(complete)).toEqual({
      rank: 3,
      worldSize: 8,
      localRank: 1,
      masterAddress: 'head',
      masterPort: 4000,
    });
    expect(readRankEnvironment({ ...complete, LOCAL_RANK: undefined })?.localRank).toBe(3);
  });

  test("leaves torchrun's own store alone", () => {
    const agent = { TORCHELASTIC_USE_AGENT_STORE: 'True' };
    expect(readRankEnvironment({ ...complete, ...agent })?.masterPort).toBe(Number(complete.MASTER_PORT) + 1);
  });

  test.each([
    [{ RANK: '0' }, /WORLD_SIZE is not set/],
    [{ WORLD_SIZE: '2' }, /RANK is not set/],
    [{ ...complete, MASTER_ADDR: undefined }, /MASTER_ADDR is not set/],
    [{ ...complete, MASTER_PORT: '' }, /MASTER_PORT is not set/],
    [{ ...complete, RANK: '8' }, /RANK: expected a whole number from 0 to 7, received 8/],
    [{ ...complete, WORLD_SIZE: 'two' }, /WORLD_SIZE: .*received two/],
    [{ ...complete, MASTER_PORT: '70000' }, /MASTER_PORT: expected a whole number from 1 to 65535/],
  ])('refuses %o', (environment, message) => {
    expect(() => readRankEnvironment(environment)).toThrow(ConfigError);
    expect(() => readRankEnvironment(environment)).toThrow(message);
  });
});
