/** Checks the addon in worker threads: each has its own handles, and its tensors are freed when it ends. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { liveTensorCount, memory, tensorFrom } from 'coarsely/torch';
import { expect, test } from 'vitest';

test('a worker computes beside the main thread, and its tensors are freed when it ends', async () => {
  const before = memory().liveBytes;
  const mine = tensorFrom([1, 2], { dtype: 'float32', shape: [2] });
  const source = `
    import { parentPort } from 'node:worker_threads';
    import { zeros, tensorFrom, liveTensorCount } from ${JSON.stringify(import.meta.resolve('coarsely/torch'))};
    const leaked = zeros([100000], { dtype: 'float32' });
    const x = tensorFrom(new Float32Array([3, 4]), { dtype: 'float32', shape: [2] }).requiresGrad_();
    x.mul(x).sum().backward();
    parentPort.postMessage({ gradient: x.grad.toArray(), live: liveTensorCount(), shape: leaked.shape });
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  // The listener is added before the message is awaited, as on a busy machine both arrive together.
  const exit = once(worker, 'exit');
  const [message] = await once(worker, 'message');
  await exit;
  expect(message).toMatchObject({ gradient: [6, 8], shape: [100000] });
  expect(liveTensorCount()).toBe(1);
  expect(mine.toArray()).toEqual([1, 2]);
  mine.dispose();
  expect(memory().liveBytes).toBe(before);
});

test('a tensor copies the bytes of an array, whose worker may end', async () => {
  const source = `
    import { parentPort } from 'node:worker_threads';
    const shared = new Float32Array(new SharedArrayBuffer(16));
    shared.set([1, 2, 3, 4]);
    parentPort.postMessage(shared);
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const [shared] = (await once(worker, 'message')) as [Float32Array];
  const tensor = tensorFrom(shared, { dtype: 'float32', shape: [2, 2] });
  await worker.terminate();
  shared.fill(0);
  expect(tensor.toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  tensor.dispose();
});
