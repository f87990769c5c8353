/** Divides Python text into tokens: names, numbers, strings and marks. Comments, and line breaks inside brackets, are left out. */

/** Holds one token. */
export interface PythonToken {
  readonly kind: 'name' | 'number' | 'string' | 'mark' | 'newline' | 'end';
  /** Holds the text of a name, number or mark, and the content of a string. */
  readonly text: string;
  /** Counts lines from 1. */
  readonly line: number;
}

const space = /[ \t\r\f]+|\\\r?\n|#[^\n]*/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;
const string =
  /[rRuUbB]{0,2}(?:'''([\s\S]*?)'''|"""([\s\S]*?)"""|'((?:\\[\s\S]|[^'\\\n])*)'|"((?:\\[\s\S]|[^"\\\n])*)")/y;
const mark = /\*\*|[()[\]{},=:+\-*/.]/y;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\n': '' };

/**
 * Returns the tokens of a text, the last of kind `end`.
 *
 * @throws {SyntaxError} naming the line with something that is no token
 */
export function pythonTokens(text: string): PythonToken[] {
  const tokens: PythonToken[] = [];
  let depth = 0;
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const match = (pattern: RegExp): RegExpExecArray | null => {
      pattern.lastIndex = at;
      return pattern.exec(text);
    };
    const add = (kind: PythonToken['kind'], found: RegExpExecArray, content = found[0]): void => {
      tokens.push({ kind, text: content, line });
      line += found[0].split('\n').length - 1;
      at += found[0].length;
    };
    if (text[at] === '\n') {
      if (depth === 0) tokens.push({ kind: 'newline', text: '\n', line });
      line += 1;
      at += 1;
      continue;
    }
    const blank = match(space);
    if (blank !== null) {
      line += blank[0].split('\n').length - 1;
      at += blank[0].length;
      continue;
    }
    // Before names, because a string may begin with the letter of its kind.
    const quoted = match(string);
    if (quoted !== null) {
      const content = quoted.slice(1).find((part) => part !== undefined) ?? '';
      add('string', quoted, /^[bBuU]*[rR]/.test(quoted[0]) ? content : unescaped(content));
      continue;
    }
    const word = match(name);
    if (word !== null) {
      add('name', word);
      continue;
    }
    const digits = match(number);
    if (digits !== null) {
      add('number', digits);
      continue;
    }
    const sign = match(mark);
    if (sign === null) throw new SyntaxError(`line ${line}: '${text[at]}' is no part of a plain value`);
    if ('([{'.includes(sign[0])) depth += 1;
    if (')]}'.includes(sign[0])) depth -= 1;
    add('mark', sign);
  }
  tokens.push({ kind: 'newline', text: '\n', line }, { kind: 'end', text: '', line });
  return tokens;
}

function unescaped(content: string): string {
  return content.replace(/\\([\s\S])/g, (whole, letter: string) => {
    if (letter === '\\' || letter === "'" || letter === '"') return letter;
    return escapes[letter] ?? whole;
  });
}
