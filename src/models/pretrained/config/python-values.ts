/**
 * Reads configs of mmsegmentation, which are Python texts, without running anything: assignments of plain values, that is
 * numbers, text, lists, tuples, dicts and names that were assigned before. Anything else is an error that names its line.
 */

import { type PythonToken, pythonTokens } from './python-tokens.js';

/** Represents a plain value: dicts are maps, lists and tuples are arrays, `None` is null. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | readonly PythonValue[]
  | ReadonlyMap<string, PythonValue>;

const depthLimit = 64;

/**
 * Returns the values that a text assigns, by name.
 *
 * @throws {SyntaxError} naming the line that is not an assignment of a plain value
 */
export function readPythonAssignments(text: string): Map<string, PythonValue> {
  return new PythonReader(pythonTokens(text)).assignments();
}

class PythonReader {
  readonly #tokens: readonly PythonToken[];
  readonly #values = new Map<string, PythonValue>();
  #at = 0;

  constructor(tokens: readonly PythonToken[]) {
    this.#tokens = tokens;
  }

  assignments(): Map<string, PythonValue> {
    while (this.#next.kind !== 'end') {
      if (this.#take('newline')) continue;
      // A text between the assignments, as a module's doc string is.
      if (this.#next.kind === 'string') {
        this.#value(0);
      } else {
        const target = this.#expect('name').text;
        if (target === 'import' || target === 'from') throw this.#error(`'${target}' runs other code`);
        this.#expectMark('=');
        this.#values.set(target, this.#value(0));
      }
      this.#expect('newline');
    }
    return this.#values;
  }

  /** Reads a value with its sums and products, such as `512 * 2`, from left to right by rank. */
  #value(depth: number): PythonValue {
    if (depth > depthLimit) throw this.#error(`values are nested more than ${depthLimit} deep`);
    let sum = this.#product(depth);
    while (this.#isMark('+') || this.#isMark('-')) {
      const sign = this.#advance().text;
      const other = this.#number(this.#product(depth));
      sum = sign === '+' ? this.#number(sum) + other : this.#number(sum) - other;
    }
    return sum;
  }

  #product(depth: number): PythonValue {
    let product = this.#single(depth);
    while (this.#isMark('*') || this.#isMark('/')) {
      const sign = this.#advance().text;
      const other = this.#number(this.#single(depth));
      product = sign === '*' ? this.#number(product) * other : this.#number(product) / other;
    }
    return product;
  }

  #single(depth: number): PythonValue {
    const token = this.#advance();
    switch (token.kind) {
      case 'number':
        return Number(token.text.replaceAll('_', ''));
      case 'string':
        return this.#strings(token.text);
      case 'name':
        return this.#named(token, depth);
      case 'mark':
        if (token.text === '-') return -this.#number(this.#single(depth));
        if (token.text === '[') return this.#items(']', depth).values;
        if (token.text === '{') return this.#braces(depth);
        if (token.text === '(') {
          const { values, commas } = this.#items(')', depth);
          const [only] = values;
          // One value in parentheses is no tuple without a comma.
          return values.length === 1 && commas === 0 && only !== undefined ? only : values;
        }
        break;
      default:
    }
    throw this.#error(`expected a value, found '${token.text.trim()}'`, token);
  }

  /** Joins strings that follow one another, as Python does. */
  #strings(first: string): string {
    let joined = first;
    while (this.#next.kind === 'string') joined += this.#advance().text;
    return joined;
  }

  #named(token: PythonToken, depth: number): PythonValue {
    if (token.text === 'True') return true;
    if (token.text === 'False') return false;
    if (token.text === 'None') return null;
    if (this.#isMark('(')) return this.#call(token, depth);
    const known = this.#values.get(token.text);
    if (known === undefined) throw this.#error(`'${token.text}' was not assigned before`, token);
    return known;
  }

  /** Reads the calls that make plain values: dict, list, tuple and float. */
  #call(callee: PythonToken, depth: number): PythonValue {
    this.#advance();
    if (callee.text === 'dict') return this.#dictArguments(depth);
    const { values } = this.#items(')', depth);
    const [only] = values;
    if (callee.text === 'float' && typeof only === 'string') {
      return /^-/.test(only) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    if ((callee.text === 'tuple' || callee.text === 'list') && values.length < 2) {
      if (only === undefined) return [];
      if (Array.isArray(only)) return only;
    }
    throw this.#error(`a call of '${callee.text}' is not run`, callee);
  }

  #dictArguments(depth: number): ReadonlyMap<string, PythonValue> {
    const dict = new Map<string, PythonValue>();
    while (!this.#takeMark(')')) {
      if (this.#takeMark('**') || this.#isMark('{')) {
        const spread = this.#value(depth + 1);
        if (!(spread instanceof Map)) throw this.#error('expected a dict');
        for (const [key, value] of spread) dict.set(key, value);
      } else {
        const key = this.#expect('name').text;
        this.#expectMark('=');
        dict.set(key, this.#value(depth + 1));
      }
      if (!this.#isMark(')')) this.#expectMark(',');
    }
    return dict;
  }

  #items(end: string, depth: number): { values: PythonValue[]; commas: number } {
    const values: PythonValue[] = [];
    let commas = 0;
    while (!this.#takeMark(end)) {
      values.push(this.#value(depth + 1));
      if (this.#isMark(end)) continue;
      this.#expectMark(',');
      commas += 1;
    }
    return { values, commas };
  }

  /** Reads a dict, or a set, which becomes a list. */
  #braces(depth: number): PythonValue {
    const dict = new Map<string, PythonValue>();
    const set: PythonValue[] = [];
    while (!this.#takeMark('}')) {
      const key = this.#value(depth + 1);
      if (this.#takeMark(':')) dict.set(String(key), this.#value(depth + 1));
      else set.push(key);
      if (!this.#isMark('}')) this.#expectMark(',');
    }
    return set.length > 0 ? set : dict;
  }

  get #next(): PythonToken {
    return this.#tokens[this.#at] as PythonToken;
  }

  #advance(): PythonToken {
    const token = this.#next;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #take(kind: PythonToken['kind']): boolean {
    const found = this.#next.kind === kind;
    if (found) this.#at += 1;
    return found;
  }

  #isMark(text: string): boolean {
    return this.#next.kind === 'mark' && this.#next.text === text;
  }

  #takeMark(text: string): boolean {
    const found = this.#isMark(text);
    if (found) this.#at += 1;
    return found;
  }

  #expect(kind: PythonToken['kind']): PythonToken {
    if (this.#next.kind !== kind) throw this.#error(`expected a ${kind}, found '${this.#next.text.trim()}'`);
    return this.#advance();
  }

  #expectMark(text: string): void {
    if (!this.#takeMark(text)) throw this.#error(`expected '${text}', found '${this.#next.text.trim()}'`);
  }

  #number(value: PythonValue): number {
    if (typeof value === 'number') return value;
    throw this.#error('expected numbers in a sum or product');
  }

  #error(detail: string, { line }: PythonToken = this.#next): SyntaxError {
    return new SyntaxError(`line ${line}: ${detail}`);
  }
}
