/**
 * Reads a dict of an mmsegmentation config key by key. Every key has to be read or said to change nothing, because a key
 * that nobody looks at may be the one that changes what the network computes.
 */

import { CheckpointError } from '../../../errors/index.js';
import type { PythonValue } from './python-values.js';

/** Reads the keys of one dict. */
export class ConfigSection {
  /** Names the dict in messages: `model.backbone`. */
  readonly name: string;
  readonly path: string;
  readonly #values: ReadonlyMap<string, PythonValue>;
  readonly #read = new Set<string>();

  constructor(
    values: ReadonlyMap<string, PythonValue>,
    { name, path }: { readonly name: string; readonly path: string },
  ) {
    this.#values = values;
    this.name = name;
    this.path = path;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** Returns a value, or null when the key is absent. */
  value(key: string): PythonValue {
    this.#read.add(key);
    return this.#values.get(key) ?? null;
  }

  /** Says that keys change nothing in what the network computes from an image. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#read.add(key);
  }

  /**
   * Checks that a value is one of those that are supported; an absent key is.
   *
   * @throws {CheckpointError} naming the key, its value and the supported ones
   */
  expectOneOf(key: string, ...supported: readonly PythonValue[]): void {
    const value = this.value(key);
    if (!this.has(key) || supported.some((one) => pythonText(one) === pythonText(value))) return;
    throw this.refusal(key, supported.map(pythonText).join(' or '));
  }

  boolean(key: string, whenAbsent: boolean): boolean {
    const value = this.value(key) ?? whenAbsent;
    if (typeof value !== 'boolean') throw this.refusal(key, 'True or False');
    return value;
  }

  /** Returns a list of numbers; `whenAbsent` is returned for an absent key, and also for `None` when it is null. */
  numbers<Absent extends readonly number[] | null>(
    key: string,
    whenAbsent: Absent,
  ): readonly number[] | Absent {
    const value = this.value(key);
    if (value === null) return whenAbsent;
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'number')) {
      throw this.refusal(key, 'numbers');
    }
    return value as readonly number[];
  }

  /** Returns a dict below this one; null when the key is absent or `None`. */
  section(key: string): ConfigSection | null {
    const value = this.value(key);
    if (value === null) return null;
    if (!(value instanceof Map)) throw this.refusal(key, 'a dict');
    return new ConfigSection(value, { name: this.#nameOf(key), path: this.path });
  }

  /** Returns the dicts of a list, or a single dict as a list of one; empty when the key is absent. */
  sections(key: string): readonly ConfigSection[] {
    const value = this.value(key);
    const items = value === null ? [] : Array.isArray(value) ? value : [value];
    return items.map((item, index) => {
      const name = Array.isArray(value) ? `${this.#nameOf(key)}[${index}]` : this.#nameOf(key);
      if (!(item instanceof Map)) throw this.refusal(key, 'dicts');
      return new ConfigSection(item, { name, path: this.path });
    });
  }

  /**
   * Checks that every key was read.
   *
   * @throws {CheckpointError} naming the first key that was not
   */
  finish(): void {
    for (const key of this.#values.keys()) if (!this.#read.has(key)) throw this.refusal(key, null);
  }

  /** Returns an error that refuses the value of a key. */
  refusal(key: string, supported: string | null): CheckpointError {
    const value = pythonText(this.#values.get(key) ?? null);
    const expected = supported === null ? 'this key is not known here' : `supported: ${supported}`;
    return new CheckpointError(
      `${this.path}: its config has ${this.#nameOf(key)}=${value}, which may change what the network computes; ${expected}`,
    );
  }

  #nameOf(key: string): string {
    return this.name === '' ? key : `${this.name}.${key}`;
  }
}

/** Writes a value as Python does, cut off after 80 letters. */
export function pythonText(value: PythonValue): string {
  const text = whole(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function whole(value: PythonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return String(value);
  if (value instanceof Map) {
    return `dict(${[...value].map(([key, one]) => `${key}=${whole(one)}`).join(', ')})`;
  }
  return `(${(value as readonly PythonValue[]).map(whole).join(', ')})`;
}
