/** Defines the shape that all benches share, so that bench/run.ts can run any of them. */

import type { ParseArgsConfig, parseArgs } from 'node:util';

/** Reports what the user of a bench can fix: it is printed without a stack. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}

/** Describes command-line options as node:util's parseArgs takes them. */
export type BenchOptions = NonNullable<ParseArgsConfig['options']>;

/** Holds the parsed options of a bench, and `quick`, which every bench has: a smoke test whose numbers mean nothing. */
type BenchValues<Options extends BenchOptions> = ReturnType<
  typeof parseArgs<{ options: Options }>
>['values'] & { readonly quick: boolean };

/** Holds what a bench measured; it is written to a JSON file as it is. */
interface BenchResults {
  readonly versions: Readonly<Record<string, unknown>>;
  /** Holds a row for each case. */
  readonly rows: readonly { readonly case: string }[];
  readonly [detail: string]: unknown;
}

export interface Bench<Options extends BenchOptions = BenchOptions> {
  readonly options: Options;
  run(values: BenchValues<Options>): Promise<BenchResults>;
}

/** Returns the bench as it is, with the types of its options inferred. */
export function defineBench<const Options extends BenchOptions>(bench: Bench<Options>): Bench<Options> {
  return bench;
}
