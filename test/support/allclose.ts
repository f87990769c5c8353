/** Compares tensors and lists of numbers element by element, and describes the first place where they differ. */

/** Holds numbers in the order of memory: a Tensor has this shape, and so have lists and typed arrays. */
type Numbers = TensorLike | GoldenTensor | ArrayLike<number | bigint> | null | undefined;

interface TensorLike {
  readonly shape: readonly number[];
  toTypedArray(): ArrayLike<number | bigint>;
}

/** Holds a tensor as the files of golden numbers do. */
interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** One value, or several by name, such as the parameters of a network. */
export type Comparable = Numbers | ReadonlyMap<string, Numbers> | { readonly [name: string]: Numbers };

/**
 * Configures which differences are accepted. An element may differ by
 * max(absolute + relative · |expected|, relativeToLargest · the largest |expected| of the tensor).
 */
export interface Tolerance {
  readonly absolute?: number;
  readonly relative?: number;
  readonly relativeToLargest?: number;
}

interface Values {
  readonly shape: readonly number[] | undefined;
  readonly numbers: readonly number[];
}

/** Returns null when all elements are close, or else a message that names tensor, index and values. */
export function findDifference(
  received: Comparable,
  expected: Comparable,
  tolerance: Tolerance,
): string | null {
  if (isNumbers(received) || isNumbers(expected)) {
    if (isNumbers(received) && isNumbers(expected)) return compare(received, expected, tolerance);
    return 'expected two tensors, or two collections of named tensors';
  }
  const receivedByName = byName(received);
  const expectedByName = byName(expected);
  const names = [...receivedByName.keys()];
  const missing = [...expectedByName.keys()].filter((name) => !receivedByName.has(name));
  const unexpected = names.filter((name) => !expectedByName.has(name));
  if (missing.length + unexpected.length > 0)
    return `different names: missing [${missing.join(', ')}], unexpected [${unexpected.join(', ')}]`;
  for (const name of names) {
    const difference = compare(receivedByName.get(name), expectedByName.get(name), tolerance);
    if (difference !== null) return `${name}: ${difference}`;
  }
  return null;
}

function compare(received: Numbers, expected: Numbers, tolerance: Tolerance): string | null {
  if (received === null && expected === null) return null;
  if (received == null || expected == null)
    return `expected ${expected == null ? expected : 'a tensor'}, received ${received == null ? received : 'one'}`;
  const [actual, wanted] = [valuesOf(received), valuesOf(expected)];
  if (actual.shape && wanted.shape && String(actual.shape) !== String(wanted.shape))
    return `expected shape [${wanted.shape}], received [${actual.shape}]`;
  if (actual.numbers.length !== wanted.numbers.length)
    return `expected ${wanted.numbers.length} elements, received ${actual.numbers.length}`;
  return describeGaps(actual, wanted, tolerance);
}

function describeGaps(
  actual: Values,
  wanted: Values,
  { absolute = 0, relative = 0, relativeToLargest = 0 }: Tolerance,
): string | null {
  const largest = wanted.numbers
    .filter(Number.isFinite)
    .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const far: number[] = [];
  let [maxAbsolute, maxRelative] = [0, 0];
  for (const [index, value] of wanted.numbers.entries()) {
    const gap = gapOf(actual.numbers[index] ?? Number.NaN, value);
    const limit = Math.max(absolute + relative * Math.abs(value), relativeToLargest * largest);
    const isClose = gap === 0 || (Number.isFinite(gap) && gap <= limit);
    if (!isClose) far.push(index);
    maxAbsolute = Math.max(maxAbsolute, gap);
    maxRelative = Math.max(maxRelative, gap === 0 ? 0 : gap / Math.abs(value));
  }
  const [first] = far;
  if (first === undefined) return null;
  const shape = actual.shape ?? wanted.shape ?? [actual.numbers.length];
  return (
    `${far.length} of ${wanted.numbers.length} elements differ, first at [${placeOf(first, shape)}]: ` +
    `expected ${wanted.numbers[first]}, received ${actual.numbers[first]} ` +
    `(largest difference ${maxAbsolute.toExponential(2)}, relative ${maxRelative.toExponential(2)})`
  );
}

/** Returns |actual − wanted|; equal infinities and two NaNs do not differ, and one NaN differs from everything. */
function gapOf(actual: number, wanted: number): number {
  if (Object.is(actual, wanted) || actual === wanted) return 0;
  const gap = Math.abs(actual - wanted);
  return Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
}

/** Converts an index in memory to one for each dimension. */
function placeOf(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const place = rest % size;
      rest = Math.floor(rest / size);
      return place;
    })
    .toReversed();
}

function valuesOf(values: NonNullable<Numbers>): Values {
  if (isTensor(values)) return { shape: values.shape, numbers: Array.from(values.toTypedArray(), Number) };
  if (isGolden(values)) return { shape: values.shape, numbers: values.data };
  return { shape: undefined, numbers: Array.from(values, Number) };
}

function isNumbers(value: Comparable): value is Numbers {
  return value == null || isTensor(value) || isGolden(value) || isList(value);
}

function isTensor(value: NonNullable<Comparable>): value is TensorLike {
  return 'toTypedArray' in value && typeof value.toTypedArray === 'function';
}

function isGolden(value: NonNullable<Comparable>): value is GoldenTensor {
  return 'shape' in value && 'data' in value && Array.isArray(value.data);
}

function isList(value: NonNullable<Comparable>): value is ArrayLike<number | bigint> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function byName(
  values: ReadonlyMap<string, Numbers> | { readonly [name: string]: Numbers },
): ReadonlyMap<string, Numbers> {
  return values instanceof Map ? values : new Map(Object.entries(values));
}
