/** Checks the allocator: tensors do not overlap, byte counts are exact, and mapped memory follows the peak. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MemoryError } from 'coarsely/errors';
import * as torch from 'coarsely/torch';
import { afterEach, beforeEach, expect, test } from 'vitest';

const mebibyte = 2 ** 20;

let live = 0;
beforeEach(() => {
  live = torch.memory().liveBytes;
  torch.trimMemory();
});
afterEach(() => {
  expect(torch.memory().liveBytes).toBe(live);
});

/**
 * Creates and frees tensors of 1 byte to 3 MiB in random order. Each is filled with a number of its own, which is
 * checked before it is freed. The function uses nothing else of this file, so that a worker can run its source text.
 *
 * @returns the number of tensors with wrong values, and the largest number of bytes that were alive at once
 */
function churn(
  { full, ops, tidy }: Pick<typeof torch, 'full' | 'ops' | 'tidy'>,
  { seed, rounds, budget }: { readonly seed: number; readonly rounds: number; readonly budget: number },
): { readonly damaged: number; readonly peak: number } {
  let state = seed;
  const draw = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const alive: { readonly tensor: torch.Tensor; readonly value: number; readonly bytes: number }[] = [];
  let [held, peak, damaged] = [0, 0, 0];
  const free = () => {
    const [gone] = alive.splice(draw(alive.length), 1);
    if (gone === undefined) return;
    damaged += tidy(() => ops.any(gone.tensor.ne(gone.value)).item());
    held -= gone.bytes;
    gone.tensor.dispose();
  };
  for (let round = 0; round < rounds; round += 1) {
    // Sizes are spread over the powers of two, so that small and large tensors lie side by side.
    const bytes = 1 + draw(3 * 2 ** draw(21));
    while (held + bytes > budget) free();
    const value = draw(256);
    alive.push({ tensor: full([bytes], { value, dtype: 'uint8' }), value, bytes });
    held += bytes;
    peak = Math.max(peak, held);
  }
  while (alive.length > 0) free();
  return { damaged, peak };
}

test('tensors of all sizes keep their values, live and peak bytes are exact', () => {
  torch.resetPeakMemory();
  const { damaged, peak } = churn(torch, { seed: 1, rounds: 1000, budget: 16 * mebibyte });
  expect(damaged).toBe(0);
  expect(torch.memory().liveBytes).toBe(live);
  // Checking a tensor creates a mask of its size and some scalars.
  expect(torch.memory().peakBytes - live).toBeGreaterThanOrEqual(peak);
  expect(torch.memory().peakBytes - live).toBeLessThan(peak + 3 * mebibyte + 1024);
  expect(torch.memory().cachedBytes).toBeLessThan(1.4 * peak + 3 * mebibyte);
});

test('threads that allocate at the same time do not share memory', async () => {
  const source = `
    import { parentPort } from 'node:worker_threads';
    import * as torch from ${JSON.stringify(import.meta.resolve('coarsely/torch'))};
    const churn = ${churn.toString()};
    parentPort.postMessage('ready');
    parentPort.once('message', (seed) =>
      parentPort.postMessage(churn(torch, { seed, rounds: 300, budget: ${8 * mebibyte} })));
  `;
  const workers = [2, 3].map((seed) => ({
    seed,
    worker: new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`)),
  }));
  const exits = workers.map(({ worker }) => once(worker, 'exit'));
  await Promise.all(workers.map(({ worker }) => once(worker, 'message')));
  const answers = workers.map(({ worker }) => once(worker, 'message'));
  for (const { seed, worker } of workers) worker.postMessage(seed);
  expect(churn(torch, { seed: 4, rounds: 300, budget: 8 * mebibyte }).damaged).toBe(0);
  for (const [{ damaged }] of await Promise.all(answers)) expect(damaged).toBe(0);
  await Promise.all(exits);
});

test('a large tensor uses the pages of many small freed ones', () => {
  const block = (bytes: number) => torch.full([bytes], { value: 1, dtype: 'uint8' });
  const parts = Array.from({ length: 24 }, () => block(5 * mebibyte));
  const held = () => torch.memory().liveBytes + torch.memory().cachedBytes;
  const before = held();
  // Every second tensor stays, so that no two free blocks are adjacent and none is large enough.
  for (const [place, part] of parts.entries()) if (place % 2 === 0) part.dispose();
  const large = block(24 * mebibyte);
  expect(held()).toBeLessThan(before + 4 * mebibyte);
  expect(torch.tidy(() => torch.ops.any(large.ne(1)).item())).toBe(0);
  for (const part of parts) {
    if (part.isDisposed) continue;
    expect(torch.tidy(() => torch.ops.any(part.ne(1)).item())).toBe(0);
    part.dispose();
  }
  large.dispose();
});

test('trimmed memory can be allocated again', () => {
  const tensor = torch.full([10 * mebibyte], { value: 7, dtype: 'uint8' });
  const [kept, gone] = [
    torch.full([3 * mebibyte], { value: 5, dtype: 'uint8' }),
    torch.zeros([mebibyte], { dtype: 'uint8' }),
  ];
  gone.dispose();
  tensor.dispose();
  expect(torch.trimMemory()).toBeGreaterThanOrEqual(11 * mebibyte);
  expect(torch.memory().cachedBytes).toBe(0);
  const again = torch.full([12 * mebibyte], { value: 9, dtype: 'uint8' });
  for (const [value, each] of [
    [5, kept],
    [9, again],
  ] as const) {
    expect(torch.tidy(() => torch.ops.any(each.ne(value)).item())).toBe(0);
    each.dispose();
  }
});

test('a request beyond what the system has is refused with its size, and nothing is lost', () => {
  const kept = torch.full([mebibyte], { value: 3, dtype: 'uint8' });
  expect(() => torch.empty([2 ** 47], { dtype: 'uint8' })).toThrow(
    /^empty: not enough memory: 140737\.5 GB asked for, beside \d+\.\d MB that tensors hold$/,
  );
  for (const shape of [[2 ** 47], [2 ** 40, 2 ** 40]]) {
    expect(() => torch.empty(shape, { dtype: 'float32' })).toThrow(MemoryError);
  }
  expect(torch.tidy(() => torch.ops.any(kept.ne(3)).item())).toBe(0);
  kept.dispose();
});
