/** Checks that when a rank is killed, fails, comes late or never, the others end within the timeout and name it. */
import { describe, expect, test } from 'vitest';
import { runRanks } from './run-ranks.js';

// The timeout of the ranks; watching for signs of life takes a few seconds more.
const timeoutSeconds = 4;

describe('while training', () => {
  test('a rank that is killed is named by all others', async () => {
    const reports = await runRanks('lose-a-rank', {
      worldSize: 3,
      options: { ending: 'killed' },
      timeoutSeconds,
    });
    expect(reports[2]?.signal).toBe('SIGKILL');
    for (const survivor of reports.slice(0, 2)) {
      expect(survivor.error).toMatchObject({ name: 'DistributedError', code: 'distributed', ranks: [2] });
      expect(survivor.error?.message).toMatch(
        /rank 2 \(.+, process \d+\) is gone .*; the run can be resumed from its last checkpoint/,
      );
    }
  });

  test('a rank that fails tells the others why', async () => {
    const reports = await runRanks('lose-a-rank', { options: { ending: 'failed' }, timeoutSeconds });
    expect(reports[1]?.error?.name).toBe('DataError');
    expect(reports[0]?.error).toMatchObject({ name: 'DistributedError', ranks: [1] });
    expect(reports[0]?.error?.message).toMatch(/rank 1 .*left: image_7\.png: cannot be read/);
  });

  test('a rank that is alive but late is named with its number of collectives', async () => {
    const reports = await runRanks('lose-a-rank', { options: { ending: 'late' }, timeoutSeconds: 2 });
    expect(reports[0]?.error).toMatchObject({ name: 'DistributedError', ranks: [1] });
    expect(reports[0]?.error?.message).toMatch(
      /this rank is at collective \d+ and waited too long for rank 1 \(.*\) at \d+/,
    );
  });
});

describe('at the beginning', () => {
  test('ranks that never come are named', async () => {
    const [zero, two] = await runRanks('collectives', { worldSize: 4, ranks: [0, 2], timeoutSeconds: 2 });
    for (const report of [zero, two]) {
      expect(report?.error?.name).toBe('DistributedError');
      expect(report?.error?.ranks).toEqual([1, 3]);
    }
    expect(zero?.error?.message).toMatch(/rank 0 of 4: .*rank 1, 3 of 4 did not join.*MASTER_PORT/);
  });

  test('without rank 0 the others say where they expect it', async () => {
    const [one] = await runRanks('collectives', { ranks: [1], timeoutSeconds: 2 });
    expect(one?.error).toMatchObject({ name: 'DistributedError', ranks: [0] });
    expect(one?.error?.message).toMatch(/rank 1 of 2: .*rank 0 is expected at 127\.0\.0\.1:\d+/);
  });

  test('a rank that is started twice is refused', async () => {
    const reports = await runRanks('collectives', { worldSize: 3, ranks: [0, 1, 1], timeoutSeconds: 5 });
    const messages = reports.map(({ error }) => error?.message ?? '');
    expect(messages.filter((message) => /another process is rank 1 already/.test(message))).toHaveLength(1);
  });
});
