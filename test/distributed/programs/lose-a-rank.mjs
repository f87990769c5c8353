/** Trains until the last rank is killed, fails or stops answering. */
import { GradientSynchronizer } from 'coarsely/distributed';
import { DataError } from 'coarsely/errors';
import { Generator, randn, tidy } from 'coarsely/torch';
import { asRank, options } from './as-rank.mjs';

const endings = {
  killed: () => process.kill(process.pid, 'SIGKILL'),
  failed: () => {
    throw new DataError('image_7.png: cannot be read');
  },
  // Stays alive, but comes after the timeout.
  late: ({ timeout }) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500 * timeout),
};

await asRank((processGroup) => {
  const generator = new Generator(0);
  const weights = randn([1000], { dtype: 'float32', generator }).requiresGrad_();
  const synchronizer = new GradientSynchronizer(processGroup, [weights]);
  const timeout = Number(process.env.TEST_TIMEOUT);
  for (let step = 0; step < 1000; step++) {
    if (step === 3 && processGroup.rank === processGroup.worldSize - 1) endings[options.ending]({ timeout });
    tidy(() => {
      // One collective in the forward pass, as for synchronized statistics, and one in the backward pass.
      const norm = processGroup.guard('forward', () => processGroup.sumOverRanks(weights.square().sum()));
      synchronizer.backward(weights.sum().add(norm));
    });
  }
});
