/** Parses `--set training.iterations=200`, which changes one key from the command line. */

import { ConfigError } from '../errors/index.js';
import { parseYaml } from '../files/index.js';
import { isSection, type Section } from './merge.js';

/**
 * Returns all `KEY=VALUE` texts as one section, later ones winning. A value is YAML, so `[240, 320]`, `null` and `true`
 * mean what they mean in a file.
 * @throws {ConfigError} when a text is not of the form `a.b=value`
 */
export function parseSetOptions(texts: readonly string[]): Section {
  const root: Record<string, unknown> = {};
  for (const text of texts) assign(root, text);
  return root;
}

function assign(root: Record<string, unknown>, text: string): void {
  const match = /^([\w-]+(?:\.[\w-]+)*)=(.*)$/s.exec(text);
  const [, path, written] = match ?? [];
  if (path === undefined || written === undefined) {
    throw new ConfigError(`--set ${text}: expected KEY=VALUE, for example --set training.iterations=200`);
  }
  const keys = path.split('.');
  if (keys.includes('__proto__')) throw new ConfigError(`--set ${text}: __proto__ is no name for a key`);
  const last = keys.pop() as string;
  let section = root;
  for (const key of keys) {
    const inner = Object.hasOwn(section, key) ? section[key] : undefined;
    const next: Record<string, unknown> = isSection(inner) ? { ...inner } : {};
    section[key] = next;
    section = next;
  }
  section[last] = parseValue(text, written);
}

function parseValue(text: string, written: string): unknown {
  try {
    return parseYaml(written);
  } catch (cause) {
    throw new ConfigError(`--set ${text}: the value is not valid YAML: ${(cause as Error).message}`, {
      cause,
    });
  }
}
