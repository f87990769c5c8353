/** Writes the pickles of small checkpoints, from which the fuzzer starts. */

const encoder = new TextEncoder();

function text(value: string): number[] {
  const bytes = encoder.encode(value);
  return [0x58, bytes.length, 0, 0, 0, ...bytes];
}

function global(module: string, name: string): number[] {
  return [0x63, ...encoder.encode(`${module}\n${name}\n`)];
}

function integers(values: readonly number[]): number[] {
  return [0x28, ...values.flatMap((value) => [0x4b, value]), 0x74];
}

/** Pickles `_rebuild_tensor_v2(storage, 0, shape, stride, False, OrderedDict())` of a float32 tensor. */
export function pickledTensor({
  key,
  shape,
  stride,
}: {
  readonly key: string;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}): number[] {
  const count = shape.reduce((product, size) => product * size, 1);
  return [
    ...global('torch._utils', '_rebuild_tensor_v2'),
    ...[0x28, 0x28, ...text('storage'), ...global('torch', 'FloatStorage'), ...text(key), ...text('cpu')],
    ...[0x4b, count, 0x74, 0x51, 0x4b, 0],
    ...[...integers(shape), ...integers(stride), 0x89],
    ...[...global('collections', 'OrderedDict'), 0x29, 0x52, 0x74, 0x52],
  ];
}

/** Pickles a dict of values that are pickled already. */
export function pickledDict(entries: Readonly<Record<string, readonly number[]>>): number[] {
  return [0x7d, 0x28, ...Object.entries(entries).flatMap(([key, value]) => [...text(key), ...value]), 0x75];
}

/** Returns a whole pickle of protocol 2. */
export function pickle(value: readonly number[]): Uint8Array {
  return Uint8Array.from([0x80, 2, ...value, 0x2e]);
}

/** Pickles a list of texts. */
export function pickledTexts(values: readonly string[]): number[] {
  return [0x5d, 0x28, ...values.flatMap(text), 0x65];
}
