/** Checks average pooling at borders by values computed by hand. */
import { AveragePool2d } from 'coarsely/nn';
import { tensorFrom, tidy } from 'coarsely/torch';
import { expect, test } from 'vitest';

//  1 2 3
//  4 5 6
//  7 8 9
const nine = Float32Array.from({ length: 9 }, (_, index) => index + 1);

test.each([
  { options: { kernelSize: 2 }, expected: [3] },
  // Windows that reach over the right and lower edges average the pixels inside.
  { options: { kernelSize: 2, coverEdges: true, countPadding: false }, expected: [3, 4.5, 7.5, 9] },
  { options: { kernelSize: 1, coverEdges: true, countPadding: false }, expected: [...nine] },
  // The zeros around the image count: the corner's sum is 12, over 9 pixels.
  { options: { kernelSize: 3, stride: 2, padding: 1 }, expected: [12 / 9, 16 / 9, 24 / 9, 28 / 9] },
  {
    options: { kernelSize: 3, stride: 2, padding: 1, countPadding: false },
    expected: [12 / 4, 16 / 4, 24 / 4, 28 / 4],
  },
])('$options', ({ options, expected }) => {
  tidy(() => {
    const pooled = new AveragePool2d(options).forward(
      tensorFrom(nine, { dtype: 'float32', shape: [1, 1, 3, 3] }),
    );
    const values = [...(pooled.toTypedArray() as Float32Array)];
    expect(values).toHaveLength(expected.length);
    for (const [index, value] of values.entries()) expect(value).toBeCloseTo(expected[index] as number, 6);
  });
});
