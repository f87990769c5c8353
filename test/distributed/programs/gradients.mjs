/** Averages gradients over ranks, in a graph whose frozen and unused parameters change between steps. */
import { GradientSynchronizer } from 'coarsely/distributed';
import { Generator, randn, tidy } from 'coarsely/torch';
import { asRank } from './as-rank.mjs';

await asRank((processGroup) => {
  const own = processGroup.rank + 1;
  const generator = new Generator(1);
  const parameters = ['first', 'second', 'third', 'unused', 'frozen', 'large'].map((name) => {
    const shape = name === 'large' ? [40_000] : [3];
    return randn(shape, { dtype: 'float32', generator }).requiresGrad_(name !== 'frozen');
  });
  const [first, second, third, , frozen, large] = parameters;
  // A bucket holds 0.1 MiB, so that the large parameter has a bucket of its own.
  const synchronizer = new GradientSynchronizer(processGroup, parameters, { bucketMiB: 0.1 });
  const gradients = () =>
    parameters.map(({ grad }) => {
      const values = grad && [...grad.toTypedArray()];
      grad?.dispose();
      return values && (values.length === 3 ? values : [values[0], values.at(-1)]);
    });
  const step = (output, { before = () => {} } = {}) => {
    for (const parameter of parameters) parameter.zeroGrad_();
    tidy(() => {
      before();
      synchronizer.backward(output());
    });
    return gradients();
  };
  const all = () => first.mul(own).sum().add(second.square().sum().mul(own)).add(large.sum().mul(own));
  const results = {
    // The first backward pass is averaged when it is over, the others by the Reducer.
    first: step(all),
    again: [step(all), step(all)],
    // In another graph one parameter is new and another is missing.
    others: [0, 1].map(() =>
      step(() =>
        third
          .mul(10 * own)
          .sum()
          .add(first.mul(frozen).sum().mul(own)),
      ),
    ),
    // Gradients of an earlier, local backward pass are averaged with the new ones.
    accumulated: [0, 1].map(() => step(all, { before: () => all().backward() })),
    unfrozen: [0, 1].map(() => {
      frozen.requiresGrad_();
      return step(() => frozen.mul(own).sum());
    }),
    values: parameters.map((parameter) => [...parameter.toTypedArray()].slice(0, 3)),
  };
  let refused = null;
  try {
    step(() => (processGroup.rank === 0 ? first : second).sum());
  } catch (error) {
    refused = { name: error.name, message: error.message };
  }
  synchronizer.dispose();
  for (const tensor of [...parameters]) tensor.dispose();
  generator.dispose();
  return { ...results, refused };
});
