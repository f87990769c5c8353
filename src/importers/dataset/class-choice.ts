/**
 * Parses which classes an import keeps and under which names: as a short text, `car=vehicle,truck=vehicle,tree`, or as a YAML or
 * JSON file, in which names may hold any character and classes may have colors.
 */

import { z } from 'zod';
import type { Color } from '../../data/index.js';
import { ConfigError } from '../../errors/index.js';
import { parseYaml, readText, YamlTextError } from '../../files/index.js';

/** Says what becomes of the classes of a source. */
export interface ClassChoice {
  /** Lists the classes of the dataset in their order, without those that `rest` adds. */
  readonly classes: readonly { readonly name: string; readonly color?: Color | undefined }[];
  /** Maps classes of the source to classes of the dataset; null ignores their pixels. */
  readonly sources: ReadonlyMap<string, string | null>;
  /** Says what becomes of all other classes: unlabeled with null, kept with `keep`, or merged into one class. */
  readonly rest: null | 'keep' | { readonly mergedInto: string };
}

/** Stands for all classes that are not named. */
const everyOther = '*';
const form = "expected names as in 'car=vehicle,truck=vehicle,tree', or a YAML or JSON file of classes";

/**
 * Parses a choice of classes. In a text, `tree` keeps a class, `truck=vehicle` renames or merges it, `truck=` ignores its
 * pixels, and `*` keeps all others. A file holds a mapping of such pairs, or a list of classes, each a name or
 * `{ name, color, from: [names] }`.
 *
 * @throws {ConfigError} when the text or the file says something else
 */
export function parseClassChoice(given: string): ClassChoice {
  if (/\.(ya?ml|json)$/i.test(given)) return readChoice(given);
  const pairs = given.split(',').map((part): [string, string | null] => {
    const [source = '', target, ...more] = part.split('=').map((side) => side.trim());
    if (source === '' || more.length > 0) {
      throw new ConfigError(`import: --classes ${given}: '${part}' is no class; ${form}`);
    }
    return [source, target === undefined ? source : target === '' ? null : target];
  });
  return fromPairs(pairs, `--classes ${given}`);
}

const byte = z.int().min(0).max(255);
const name = z.string().trim().min(1);
const listed = z.union([
  name,
  z.strictObject({
    name,
    color: z.tuple([byte, byte, byte]).optional(),
    from: z.union([name, z.array(name).min(1)]).optional(),
  }),
]);
const list = z.array(listed).min(1);
const content = z.union([
  list,
  z.object({ classes: list }),
  z.record(z.string(), name.nullable()).refine((pairs) => Object.keys(pairs).length > 0),
]);

function readChoice(file: string): ClassChoice {
  const parsed = content.safeParse(contentOf(file));
  if (!parsed.success) {
    throw new ConfigError(
      `${file}: is no choice of classes; expected { "car": "vehicle", "tree": "tree" }, or a list of names or of ` +
        '{ "name": "vehicle", "color": [0, 0, 142], "from": ["car", "truck"] }',
    );
  }
  const given = parsed.data;
  const classes = Array.isArray(given)
    ? given
    : 'classes' in given && Array.isArray(given.classes)
      ? given.classes
      : null;
  if (classes === null) return fromPairs(Object.entries(given as Record<string, string | null>), file);
  const pairs: [string, string | null][] = [];
  const colors = new Map<string, Color>();
  for (const entry of classes) {
    if (typeof entry === 'string') {
      pairs.push([entry, entry]);
      continue;
    }
    const { name: target, color, from = target } = entry;
    for (const source of typeof from === 'string' ? [from] : from) pairs.push([source, target]);
    if (color !== undefined) colors.set(composed(target), color);
  }
  const choice = fromPairs(pairs, file);
  return {
    ...choice,
    classes: choice.classes.map((one) => ({ ...one, color: colors.get(one.name) })),
  };
}

function contentOf(file: string): unknown {
  try {
    // JSON is YAML too.
    return parseYaml(readText(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const line = cause instanceof YamlTextError && cause.line !== undefined ? ` in line ${cause.line}` : '';
    throw new ConfigError(`${file}: cannot be read as classes (${reason}${line}); ${form}`, { cause });
  }
}

function fromPairs(pairs: readonly (readonly [string, string | null])[], place: string): ClassChoice {
  const sources = new Map<string, string | null>();
  const targets = new Set<string>();
  let rest: ClassChoice['rest'] = null;
  for (const [given, wanted] of pairs) {
    const [source, target] = [composed(given), wanted === null ? null : composed(wanted)];
    if (source === everyOther) {
      rest = target === null ? null : target === everyOther ? 'keep' : { mergedInto: target };
    } else {
      const before = sources.get(source);
      if (before !== undefined && before !== target) {
        throw new ConfigError(`import: ${place}: '${source}' is given two classes; keep one of them`);
      }
      sources.set(source, target);
    }
    if (target !== null && target !== everyOther) targets.add(target);
  }
  if (targets.size === 0 && rest === null) {
    throw new ConfigError(`import: ${place}: no class is kept; ${form}`);
  }
  return { classes: [...targets].map((target) => ({ name: target })), sources, rest };
}

/** Returns a name with composed letters and without spaces around, as classes are compared. */
export function composed(text: string): string {
  return text.normalize('NFC').trim();
}
