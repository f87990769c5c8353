/**
 * Parses YAML as keys, lists, texts, numbers, booleans and null. What else YAML can express, such as lists that contain
 * themselves, dates and tags, means nothing in a config and is refused.
 */

import { type ErrorCode, LineCounter, parseDocument } from 'yaml';

/** Says why a text cannot be used, and in which line where that is known. */
export class YamlTextError extends Error {
  readonly line: number | undefined;

  constructor(
    message: string,
    { line, cause }: { readonly line?: number | undefined; readonly cause?: unknown },
  ) {
    super(message, { cause });
    this.line = line;
  }
}

// A config is at most six deep.
const deepest = 64;

/**
 * Returns the value of a YAML text.
 *
 * @throws {YamlTextError} when the text is not YAML, or holds more than keys, lists, texts, numbers, booleans and null
 */
export function parseYaml(text: string): unknown {
  try {
    return plainValue(text);
  } catch (cause) {
    if (cause instanceof YamlTextError) throw cause;
    const message =
      cause instanceof RangeError ? tooDeep : cause instanceof Error ? cause.message : String(cause);
    // The parser names an alias without an anchor, and aliases that repeat more than a hundred others.
    throw new YamlTextError(firstSentence(message), { cause });
  }
}

const tooDeep = `is nested more than ${deepest} deep`;

function plainValue(text: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, logLevel: 'error' });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line;
    throw new YamlTextError(explain(problem), { line, cause: problem });
  }
  const value: unknown = document.toJS();
  checkPlain(value, 0);
  return value;
}

function explain({ code, message }: { readonly code: ErrorCode; readonly message: string }): string {
  return code === 'MULTIPLE_DOCS' ? 'expected one document, found several' : firstSentence(message);
}

/** Leaves out the place and the excerpt that the parser appends. */
function firstSentence(message: string): string {
  return message.split(/ at line |\n/)[0] ?? message;
}

/** Throws for a value that no config holds. A list or section that contains itself is infinitely deep. */
function checkPlain(value: unknown, depth: number): void {
  if (depth > deepest) throw new YamlTextError(tooDeep, {});
  if (Array.isArray(value)) {
    for (const item of value) checkPlain(item, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) !== Object.prototype) {
      throw new YamlTextError('expected only keys, lists, texts, numbers, booleans and null', {});
    }
    if (Object.hasOwn(value, '__proto__')) throw new YamlTextError('__proto__ is no name for a key', {});
    for (const item of Object.values(value)) checkPlain(item, depth + 1);
  }
}
