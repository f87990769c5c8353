/**
 * Reads the doc comments of everything that the package's entry points export, with the compiler itself, and names
 * those whose first sentence would not make sense in a tooltip.
 */

import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { project } from './markdown.js';

export interface PublicName {
  /** The entry point, as a program imports it: `coarsely/losses`. */
  readonly entry: string;
  /** The exported name; a member follows its owner after a dot. */
  readonly name: string;
  readonly isMember: boolean;
  /** Functions and methods are expected to say what they do, starting with a verb. */
  readonly isFunction: boolean;
  /** The file and line of the declaration, relative to the project. */
  readonly place: string;
  /** The doc comment without its tags; empty where there is none. */
  readonly text: string;
}

/** Returns each exported name of every entry point once, and the documented public members of classes and interfaces. */
export function publicNames(): PublicName[] {
  const entries = entryPoints();
  const program = ts.createProgram([...entries.values()], compilerOptions());
  const checker = program.getTypeChecker();
  const names = [...entries].flatMap(([entry, file]) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${file}: expected a module that exports something`);
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      // A namespace of generated functions is described by the head of its file.
      if (symbol.flags & ts.SymbolFlags.ValueModule) return [];
      const own = describe(symbol, { entry, name: exported.name, isMember: false, checker });
      const members = [...(symbol.members?.values() ?? [])]
        .filter((member) => isPublic(member))
        .map((member) =>
          describe(member, { entry, name: `${exported.name}.${member.name}`, isMember: true, checker }),
        )
        .filter(({ text }) => text !== '');
      return [own, ...members];
    });
  });
  return [...new Map(names.map((name) => [`${name.place} ${name.name}`, name])).values()];
}

/** Returns what is wrong with the first sentence of a doc comment, or null. */
export function problemOf({
  text,
  isMember,
  isFunction,
}: Pick<PublicName, 'text' | 'isMember' | 'isFunction'>): string | null {
  if (text === '') return 'no doc comment';
  const sentence = firstSentence(text);
  if (!/[.:]$/.test(sentence)) return `does not end with a period: ${sentence}`;
  if (bareOpening.test(sentence)) return `opens like a riddle, not a statement: ${sentence}`;
  if (isFunction && /^(The|An?|All|Each|Every|One|Its?)\b/.test(sentence))
    return `names a thing instead of saying what the function does: ${sentence}`;
  // "Configures `Arm`." is a statement; "A loss." is none.
  const isShort = sentence.split(/\s+/).length < 4 && !/^[A-Z]\w+s /.test(sentence);
  if (!isMember && isShort) return `has fewer than four words and no verb at its start: ${sentence}`;
  return null;
}

const bareOpening =
  /^(What|Whether|How|Which|Whose|Who|Those|These|Of|As|The ones?|That|Where)\b(?! (is|are)\b)/;

/** Returns the text up to the first period that ends a sentence, on one line. */
export function firstSentence(text: string): string {
  const line = (text.split(/\n\s*\n/)[0] ?? '').replaceAll(/\s+/g, ' ').trim();
  const end = /(?<!\b(?:e\.g|i\.e|et al|cf|Fig|Eq|vs|Sec))\.(?=\s+[A-Z`(0-9]|$)/.exec(line);
  return end ? line.slice(0, end.index + 1) : line;
}

/** Source files of the entry points in package.json, by the name a program imports. */
function entryPoints(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  return new Map(
    Object.entries(exports)
      .filter(([, target]) => target.endsWith('.js'))
      .map(([entry, target]) => [
        entry.replace(/^\./, 'coarsely'),
        join(project, target.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')),
      ]),
  );
}

function compilerOptions(): ts.CompilerOptions {
  const file = join(project, 'src/tsconfig.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile) as { config: unknown };
  return { ...ts.parseJsonConfigFileContent(config, ts.sys, join(project, 'src')).options, noEmit: true };
}

interface Described {
  readonly entry: string;
  readonly name: string;
  readonly isMember: boolean;
  readonly checker: ts.TypeChecker;
}

function describe(symbol: ts.Symbol, { checker, ...about }: Described): PublicName {
  const declaration = symbol.declarations?.[0];
  const source = declaration?.getSourceFile();
  const line =
    source && declaration ? source.getLineAndCharacterOfPosition(declaration.getStart()).line + 1 : 0;
  return {
    ...about,
    isFunction: (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Method)) !== 0,
    place: source ? `${relative(project, source.fileName)}:${line}` : '',
    text: ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(),
  };
}

/** Members that a user sees: not private ones, and none of generated files. */
function isPublic(member: ts.Symbol): boolean {
  const declaration = member.declarations?.[0];
  if (declaration === undefined || member.name.startsWith('__')) return false;
  if (declaration.getSourceFile().fileName.includes('/generated/')) return false;
  const modifiers = ts.getCombinedModifierFlags(declaration);
  return !(modifiers & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected));
}
