/**
 * Loads the addon, by which alone this package calls libtorch. `scripts/addon/` leaves one build per libtorch below
 * build/native and records which is the default; COARSELY_TORCH chooses another one. The addon is loaded on first use,
 * so that `--help` and a wrong config need no libtorch.
 */

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError, MemoryError, OperationError } from '../errors/index.js';
import { parseJson } from '../files/index.js';

/** Identifies a native object: its slot in the low 32 bits, the slot's generation above (native/handles.h). */
export type Handle = number;

/** Holds a value that operators take or return; numbers are handles, integers or floating-point numbers. */
export type NativeValue = Handle | boolean | string | null | undefined | readonly NativeValue[];

/** Calls an operator of libtorch's dispatcher with the arguments of its schema in order. */
export type NativeOperator = (...values: NativeValue[]) => NativeValue;

/** Describes an argument or result in an operator's schema. */
interface NativeArgument {
  readonly name: string;
  readonly type: string;
  readonly hasDefault: boolean;
  readonly keywordOnly: boolean;
  readonly length: number;
  readonly written: boolean;
}

/** Lists the addon's functions; the files of native/ describe them. */
export interface NativeAddon {
  bindOperator(name: string, overload: string): NativeOperator;
  operatorSchema(
    name: string,
    overload: string,
  ): { readonly arguments: NativeArgument[]; readonly returns: NativeArgument[] } | null;
  dispose(handle: Handle): void;
  disposeAll(handles: readonly Handle[]): void;
  share(handle: Handle): Handle;
  isLive(handle: Handle): boolean;
  liveCount(): number;
  shape(handle: Handle): number[];
  scalarType(handle: Handle): number;
  device(handle: Handle): string;
  isContiguous(handle: Handle, memoryFormat: number): boolean;
  item(handle: Handle): number;
  fromBytes(bytes: Uint8Array, scalarType: number, shape: readonly number[], device: string): Handle;
  toBytes(handle: Handle): ArrayBuffer;
  setData(handle: Handle, other: Handle): void;
  backward(handle: Handle, gradient?: Handle | null, retainGraph?: boolean): void;
  backwardTogether(handles: readonly Handle[], gradients: readonly Handle[]): void;
  gradient(handle: Handle): Handle | null;
  setGradient(handle: Handle, gradient: Handle | null): void;
  requiresGradient(handle: Handle): boolean;
  setRequiresGradient(handle: Handle, on: boolean): void;
  setGradientMode(on: boolean): boolean;
  enterAutocast(device: string, scalarType: number, enabled: boolean): [number, number];
  leaveAutocast(device: string, scalarType: number, enabled: number): void;
  createGenerator(seed: number): Handle;
  disposeGenerator(handle: Handle): void;
  generatorState(handle: Handle): Handle;
  setGeneratorState(handle: Handle, state: Handle): void;
  setThreads(count: number): void;
  threads(): number;
  memory(): [number, number, number];
  resetPeak(): void;
  trim(): number;
  version(): string;
  buildInformation(): string;
  cudaDeviceCount(): number;
  hasCudaKernels(): boolean;
  hasNativeBfloat16(): boolean;
  setTf32(allowed: number): number;
  setDeterministic(on: boolean): boolean;
  joinGroup(
    rank: number,
    worldSize: number,
    host: string,
    port: number,
    keyPrefix: string,
    timeoutSeconds: number,
    cuda: boolean,
  ): void;
  closeGroup(reason: string): void;
  inspectGroup(): [
    rank: number,
    host: string,
    pid: string,
    state: string,
    reason: string,
    collectives: number,
  ][];
  groupAllReduce(handle: Handle, operation: string): void;
  groupBroadcast(handle: Handle, root: number): void;
  groupBarrier(): void;
  groupSum(handle: Handle): Handle;
  createReducer(parameters: readonly Handle[], bucketBytes: number): Handle;
  prepareReducer(reducer: Handle, outputs: readonly Handle[]): void;
  finishReducer(reducer: Handle): void;
  disposeReducer(reducer: Handle): void;
  readPngHeader(file: Uint8Array): number[] | null;
  decodePngRows(file: Uint8Array, output: Uint8Array, firstRow: number, rowCount: number): void;
  augmentImage(
    image: Uint8Array,
    sourceWidth: number,
    columns: Int32Array,
    rows: Int32Array,
    colors: Uint8Array,
    values: Float32Array,
    output: Float32Array,
    planeWidth: number,
  ): void;
  gatherLabels(
    labels: Uint8Array,
    width: number,
    columns: Int32Array,
    rows: Int32Array,
    output: Uint8Array,
    rowLength: number,
  ): void;
  countLabels(
    labels: Uint8Array,
    width: number,
    columns: Int32Array,
    rows: Int32Array,
    counts: Int32Array,
  ): void;
  mapBytes(samples: Uint8Array, stride: number, table: Int32Array, output: Uint8Array): number;
  startProfile(): void;
  setProfilePhase(phase: number): void;
  /** Returns phase, operator, calls and own seconds in each entry. */
  stopProfile(): [number, string, number, number][];
  setErrorClasses(operation: typeof OperationError, memory: typeof MemoryError): void;
}

/** Describes a build of the addon, as the file `engine.json` beside it does. */
export interface EngineBuild {
  readonly key: string;
  readonly path: string;
  readonly kind: 'debian' | 'pip';
  readonly version: string;
  readonly cuda: boolean;
  readonly folder: string;
  readonly requests: readonly string[];
}

const buildsFolder = fileURLToPath(new URL('../../build/native/', import.meta.url));
const remedy =
  'install libtorch (`sudo apt-get install libtorch-dev libopenblas0-pthread libgloo-dev`, or `python3 -m venv .venv ' +
  '&& .venv/bin/pip install torch` with COARSELY_TORCH=.venv), then run `npm rebuild coarsely` (in a clone: `make build`)';

let addon: NativeAddon | undefined;

/**
 * Returns the addon, loaded once per thread.
 *
 * @throws {EngineError} when it is not built for the libtorch that COARSELY_TORCH names, or does not load
 */
export function native(): NativeAddon {
  addon ??= load(engineBuild());
  return addon;
}

/**
 * Finds the build that `native()` loads, without loading it.
 *
 * @throws {EngineError} when there is no build for the libtorch that COARSELY_TORCH names
 */
export function engineBuild(): EngineBuild {
  const request = process.env.COARSELY_TORCH;
  const build = request ? requestedBuild(request) : readBuild('default.json');
  if (!build) {
    if (request && !existsSync(request)) {
      throw new EngineError(
        `COARSELY_TORCH=${request}: no such file or folder; expected a virtual environment, the torch folder of pip, or a Python program`,
      );
    }
    throw new EngineError(
      request
        ? `the engine was not built for COARSELY_TORCH=${request}: run \`npm rebuild coarsely\` (in a clone: \`make build\`) with this variable set`
        : `the engine is not built: ${remedy}`,
    );
  }
  return build;
}

function requestedBuild(request: string): EngineBuild | undefined {
  const asked = canonical(request);
  const folders = existsSync(buildsFolder) ? readdirSync(buildsFolder, { withFileTypes: true }) : [];
  return folders
    .filter((entry) => entry.isDirectory())
    .map((entry) => readBuild(join(entry.name, 'engine.json')))
    .find((build) => build && [build.folder, ...build.requests].some((known) => canonical(known) === asked));
}

function canonical(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

function readBuild(note: string): EngineBuild | undefined {
  const path = join(buildsFolder, note);
  if (!existsSync(path)) return undefined;
  const { key } = parseJson(readFileSync(path)) as { key: string };
  const folder = join(buildsFolder, key);
  if (!existsSync(join(folder, 'engine.json'))) return undefined;
  const build = parseJson(readFileSync(join(folder, 'engine.json'))) as EngineBuild;
  // The folder may have moved since the build, so the recorded path is not used.
  return { ...build, path: join(folder, 'coarsely.node') };
}

function load(build: EngineBuild): NativeAddon {
  try {
    const loaded = createRequire(import.meta.url)(build.path) as NativeAddon;
    loaded.setErrorClasses(OperationError, MemoryError);
    return loaded;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new EngineError(`the engine ${build.key} does not load (${reason}): ${remedy}`, { cause });
  }
}
