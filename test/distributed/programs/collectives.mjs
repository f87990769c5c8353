/** Calls every collective once, on values that differ by rank. */
import { Conv2d } from 'coarsely/nn';
import { Generator, tensorFrom, tidy } from 'coarsely/torch';
import { asRank } from './as-rank.mjs';

const numbers = (values, dtype = 'float32') => tensorFrom(values, { dtype, shape: [values.length] });

await asRank((processGroup) => {
  const own = processGroup.rank + 1;
  return {
    sum: tidyArray(() => reduced(numbers([own, 10 * own]))),
    max: tidyArray(() => reduced(numbers([own, -own]), { operation: 'max' })),
    bfloat16: tidyArray(() => reduced(numbers([own, 0.5]).to({ dtype: 'bfloat16' }))),
    int64: tidyArray(() => reduced(numbers([own * 2 ** 40], 'float64').to({ dtype: 'int64' }))).map(Number),
    float64: tidyArray(() => reduced(numbers([own / 3], 'float64'))),
    transposed: tidyArray(() => {
      const matrix = tensorFrom([own, 2, 3, 4, 5, 6], { dtype: 'float32', shape: [2, 3] }).transpose(0, 1);
      processGroup.allReduce_(matrix);
      return matrix.reshape([-1]);
    }),
    broadcast: tidyArray(() => {
      const values = numbers([own, own]);
      processGroup.broadcast_(values, { root: 1 });
      return values;
    }),
    channelsLast: tidyArray(() => {
      const generator = new Generator(own);
      const convolution = new Conv2d(2, 2, { kernelSize: 3, generator });
      convolution.to({ memoryFormat: 'channels-last' });
      processGroup.broadcast_(convolution.weight.detach());
      const values = convolution.weight.detach().clone().flatten();
      convolution.dispose();
      generator.dispose();
      return values;
    }),
    ...differentiableSum(),
    barrier: processGroup.barrier() === undefined,
  };

  function reduced(tensor, options) {
    processGroup.allReduce_(tensor, options);
    return tensor;
  }

  /** f_r = (r + 1) · (Σ_r x_r²)²; the gradient at every rank is that of Σ_r f_r. */
  function differentiableSum() {
    const input = numbers([own, 2 * own]).requiresGrad_();
    const [value, gradient] = tidyArray(() => {
      const sum = processGroup.sumOverRanks(input.square().sum());
      sum.square().mul(own).backward();
      return [sum.item(), [...input.grad.toTypedArray()]];
    });
    input.dispose();
    return { differentiableSum: value, gradient };
  }
});

/** Returns the tensor that `make` creates as plain numbers, and frees it. */
function tidyArray(make) {
  let plain;
  tidy(() => {
    const made = make();
    plain = Array.isArray(made) ? made : [...made.toTypedArray()];
  });
  return plain;
}
