/**
 * Reads XML as a stream of elements, so that a file of any length needs little memory. Files of annotations are not trusted: a
 * document type, which could define entities that grow without end, is refused.
 */

import { createReadStream } from 'node:fs';
import { SaxesParser } from 'saxes';
import { DataError } from '../../errors/index.js';
import { isSystemError, systemErrorReason } from '../../files/index.js';

/** Tells that an element begins, that its text is complete, or that it ends. */
export type XmlEvent =
  | {
      readonly kind: 'open';
      readonly name: string;
      /** Lists the names of the elements around it, the root first. */
      readonly around: readonly string[];
      readonly attributes: ReadonlyMap<string, string>;
      readonly line: number;
    }
  | { readonly kind: 'text'; readonly around: readonly string[]; readonly text: string }
  | { readonly kind: 'close'; readonly name: string; readonly around: readonly string[] };

const deepest = 64;
/** Bounds one tag with its attributes, and one text, in characters. */
const longestToken = 1 << 28;
const chunkLength = 1 << 16;

/**
 * Gives the elements of a file in their order. A reader that has seen enough may stop.
 *
 * @throws {DataError} naming the file, line and column when it cannot be read, is not well-formed, or has a document type
 */
export async function* xmlEvents(path: string): AsyncGenerator<XmlEvent> {
  const events: XmlEvent[] = [];
  const parser = parserInto(events, path);
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  let lastEvent = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkLength })) {
      const bytes = chunk as Uint8Array;
      decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true });
      parser.write(decoder.decode(bytes, { stream: true }));
      if (events.length > 0) lastEvent = parser.position;
      if (parser.position - lastEvent > longestToken)
        throw parser.makeError('an element of more than 256 MB');
      yield* events.splice(0);
    }
    parser.write(decoder?.decode() ?? '').close();
    yield* events;
  } catch (cause) {
    throw unreadable(cause, { path, parser });
  }
}

function parserInto(events: XmlEvent[], path: string): SaxesParser {
  const parser = new SaxesParser();
  const open: string[] = [];
  let line = 1;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new DataError(
      `${path}: has a document type (<!DOCTYPE …>), which annotation tools do not write; remove it`,
    );
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding === undefined || /^(utf-?(8|16)|us-ascii)$/i.test(encoding)) return;
    throw new DataError(`${path}: is text of the encoding ${encoding.slice(0, 40)}; save it as UTF-8`);
  });
  parser.on('opentagstart', () => {
    line = parser.line;
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length === deepest) throw parser.makeError(`more than ${deepest} elements in each other`);
    events.push({
      kind: 'open',
      name,
      around: [...open],
      attributes: new Map(Object.entries(attributes)),
      line,
    });
    open.push(name);
  });
  parser.on('closetag', ({ name }) => {
    open.pop();
    events.push({ kind: 'close', name, around: [...open] });
  });
  for (const kind of ['text', 'cdata'] as const) {
    parser.on(kind, (text) => {
      if (text.trim() !== '') events.push({ kind: 'text', around: [...open], text });
    });
  }
  return parser;
}

function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

function unreadable(
  cause: unknown,
  { path, parser }: { readonly path: string; readonly parser: SaxesParser },
): unknown {
  if (cause instanceof DataError || !(cause instanceof Error)) return cause;
  if (isSystemError(cause))
    return new DataError(`${path}: cannot be read (${systemErrorReason(cause)})`, { cause });
  const place = `line ${parser.line}, column ${parser.column}`;
  const reason =
    cause instanceof TypeError
      ? 'not UTF-8 text'
      : cause.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
  return new DataError(`${path}: ${place}: not well-formed XML (${reason}); export or copy it again`, {
    cause,
  });
}
