/**
 * Convolves in every dtype, grouping, epilogue, geometry and layout, packed and plain, and compares with sums in float64.
 * Prints as JSON how many were compared and those that differ. The processor's instructions that oneDNN may use are fixed
 * when a process starts (ONEDNN_MAX_CPU_ISA), so a test starts this program once for each.
 */
import { autocast, Generator, liveTensorCount, noGrad, ops, randn, setThreads, tidy } from 'coarsely/torch';

setThreads(1);

/** Gives the relative rounding of a product, times the square root of the number of products in a sum, roughly. */
const tolerances = { float64: 1e-12, float32: 2e-6, bfloat16: 0.02 };
const groupings = [
  { name: 'one group', inChannels: 8, outChannels: 16, groups: 1 },
  { name: 'grouped', inChannels: 8, outChannels: 16, groups: 2 },
  // Depthwise with whole vectors of 16 channels, with part of one, and with less than one.
  { name: 'depthwise', inChannels: 16, outChannels: 16, groups: 16 },
  { name: 'depthwise, 24', inChannels: 24, outChannels: 24, groups: 24 },
  { name: 'depthwise, 8', inChannels: 8, outChannels: 8, groups: 8 },
];
const geometries = [
  { kernel: 1, stride: 1, padding: 0, dilation: 1 },
  { kernel: 1, stride: 2, padding: 0, dilation: 1 },
  { kernel: 3, stride: 1, padding: 1, dilation: 1 },
  { kernel: 3, stride: 2, padding: 1, dilation: 1 },
  { kernel: 3, stride: 1, padding: 4, dilation: 4 },
  { kernel: 5, stride: 1, padding: 2, dilation: 1 },
  { kernel: 7, stride: 2, padding: 3, dilation: 1 },
];
const activations = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  hardswish: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
};
const epilogues = Object.keys(activations).flatMap((activation) =>
  [false, true].map((residual) => ({ residual, activation })),
);
const size = { batch: 2, height: 9, width: 7 };

/** Convolves by plain loops over float64 numbers. */
function reference({
  input,
  weight,
  bias,
  residual,
  activation,
  inChannels,
  outChannels,
  groups,
  ...geometry
}) {
  const { kernel, stride, padding, dilation } = geometry;
  const along = (length) => Math.floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  const [height, width] = [along(size.height), along(size.width)];
  const groupInputs = inChannels / groups;
  const groupOutputs = outChannels / groups;
  const values = new Float64Array(size.batch * outChannels * height * width);
  let largest = 0;
  let at = 0;
  for (let image = 0; image < size.batch; image++)
    for (let out = 0; out < outChannels; out++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++, at++) {
          let sum = bias[out];
          const first = Math.floor(out / groupOutputs) * groupInputs;
          for (let channel = 0; channel < groupInputs; channel++)
            for (let dy = 0; dy < kernel; dy++)
              for (let dx = 0; dx < kernel; dx++) {
                const row = y * stride - padding + dy * dilation;
                const column = x * stride - padding + dx * dilation;
                if (row < 0 || row >= size.height || column < 0 || column >= size.width) continue;
                const place =
                  ((image * inChannels + first + channel) * size.height + row) * size.width + column;
                sum += input[place] * weight[((out * groupInputs + channel) * kernel + dy) * kernel + dx];
              }
          if (residual !== null) sum += residual[at];
          largest = Math.max(largest, Math.abs(sum));
          values[at] = activations[activation](sum);
        }
  return { values, largest, shape: [size.batch, outChannels, height, width] };
}

/** Returns the largest difference as a part of the largest expected sum, as the activation may limit the values. */
function difference(actual, { values, largest }) {
  const received = actual.to({ dtype: 'float64' }).contiguous().toTypedArray();
  if (received.length !== values.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < values.length; i++) worst = Math.max(worst, Math.abs(received[i] - values[i]));
  return worst / largest;
}

const generator = new Generator(11);
const failures = [];
let compared = 0;

function compare(name, { dtype, compute, expected }) {
  compared += 1;
  try {
    const found = tidy(() => difference(compute(), expected));
    if (!(found <= tolerances[dtype])) failures.push(`${name}: differs by ${found}`);
  } catch (error) {
    failures.push(`${name}: ${error.message.slice(0, 200)}`);
  }
}

function compareCase({ dtype, grouping, geometry, epilogue }) {
  const { inChannels, outChannels, groups } = grouping;
  const { kernel, stride, padding, dilation } = geometry;
  const draw = (shape) => randn(shape, { dtype: 'float32', generator }).to({ dtype });
  const exact = (tensor) => tensor.to({ dtype: 'float64' }).toTypedArray();
  const input = draw([size.batch, inChannels, size.height, size.width]);
  const weight = draw([outChannels, inChannels / groups, kernel, kernel]);
  const bias = draw([outChannels]);
  const numbers = { input: exact(input), weight: exact(weight), bias: exact(bias), ...grouping, ...geometry };
  const { shape } = reference({ ...numbers, residual: null, activation: 'none' });
  const residual = epilogue.residual ? draw(shape) : null;
  const expected = reference({
    ...numbers,
    residual: residual === null ? null : exact(residual),
    activation: epilogue.activation,
  });
  const isCommon = ['none', 'relu'].includes(epilogue.activation);
  for (const memoryFormat of isCommon ? ['contiguous', 'channels-last'] : ['channels-last']) {
    const name = `${dtype}, ${grouping.name}, ${JSON.stringify(geometry)}, ${JSON.stringify(epilogue)}, ${memoryFormat}`;
    const maps = input.to({ memoryFormat });
    const added = residual?.to({ memoryFormat }) ?? null;
    const options = [[stride, stride], [padding, padding], [dilation, dilation], groups];
    const inputSize = [size.batch, inChannels, size.height, size.width];
    const fused = epilogue.residual ? 'none' : epilogue.activation;
    compare(`packed, ${name}`, {
      dtype,
      expected,
      compute: () => {
        const packed = ops.packConvolution(weight.to({ memoryFormat }), bias, ...options, inputSize, fused);
        return ops.convolvePacked(maps, packed, added, epilogue.activation);
      },
    });
    // The weights say the type of a packed convolution, and not autocast.
    compare(`packed, under autocast, ${name}`, {
      dtype,
      expected,
      compute: () => {
        const packed = ops.packConvolution(weight, bias, ...options, inputSize, fused);
        return autocast({}, () => ops.convolvePacked(maps, packed, added, epilogue.activation));
      },
    });
    if (isCommon) {
      compare(`plain, ${name}`, {
        dtype,
        expected,
        compute: () => {
          const geometryOptions = { bias, stride, padding, dilation, groups };
          const output = ops.conv2dRecompute(maps, weight.to({ memoryFormat }), geometryOptions);
          const sum = added === null ? output : output.add(added);
          return epilogue.activation === 'relu' ? sum.relu() : sum;
        },
      });
    }
  }
}

noGrad(() => {
  for (const dtype of ['float64', 'float32', 'bfloat16'])
    for (const grouping of groupings)
      for (const geometry of geometries)
        for (const epilogue of epilogues) tidy(() => compareCase({ dtype, grouping, geometry, epilogue }));
});
generator.dispose();
console.log(JSON.stringify({ compared, failures, liveTensors: liveTensorCount() }));
