/** Finds a config by name: a recipe, or a YAML file that may have `extends: RECIPE` or `extends: other.yaml`. */

import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { parseYaml, readText, YamlTextError } from '../files/index.js';
import { isSection, mergeSections, type Section } from './merge.js';
import { type ConfigLayer, type ParseOptions, parseLayers } from './parse-config.js';
import type { Config, ConfigInput, ConfigSchema } from './schema.js';
import { parseSetOptions } from './set-option.js';

/** Creates the config of a recipe. */
export interface NamedRecipe {
  readonly config: () => RecipeConfig;
}

/** Is a config input whose `data.root` may be missing, for the person to name. */
export type RecipeConfig = Omit<ConfigInput, 'data'> & {
  readonly data: DataWithoutRoot & { readonly root?: string };
};

/** Keeps the named keys, which `Omit` drops from a section that may also hold options of a kind of dataset. */
type DataWithoutRoot = {
  [Key in keyof ConfigInput['data'] as Key extends 'root' ? never : Key]: ConfigInput['data'][Key];
};

/** Configures `resolveConfig`. */
export interface ResolveOptions extends ParseOptions {
  readonly schema: ConfigSchema;
  readonly recipes?: ReadonlyMap<string, NamedRecipe>;
  /**
   * Holds keys that other options of a command change, such as `--data ROOT`; they win over the source. A function returns
   * such keys for what the layers before it say together.
   */
  readonly changes?: readonly (ConfigLayer | ((before: Section) => ConfigLayer))[];
  /** Lists `KEY=VALUE` texts, which are applied in this order over everything else. */
  readonly set?: readonly string[];
}

/**
 * Returns the complete config of a recipe or a YAML file, by name or path. Datasets and weights are not looked at;
 * `checkConfig` does that.
 * @throws {ConfigError} naming file and key when the source is missing, not YAML, or has a wrong key or value
 */
export function resolveConfig(source: string, options: ResolveOptions): Config {
  const { schema, recipes = new Map(), changes = [], set = [], onNotice } = options;
  const layers = layersOf(source, { recipes, folder: '.', above: [] });
  for (const change of changes) {
    layers.push(typeof change === 'function' ? change(mergedValues(layers)) : change);
  }
  if (set.length > 0) layers.push({ label: '--set', values: parseSetOptions(set) });
  return parseLayers(schema, layers, { onNotice });
}

function mergedValues(layers: readonly ConfigLayer[]): Section {
  return layers.reduce<Section>((base, { values }) => mergeSections(base, values), {});
}

interface LookupPlace {
  readonly recipes: ReadonlyMap<string, NamedRecipe>;
  /** Gives the folder in which relative paths are looked up: that of the file with `extends`. */
  readonly folder: string;
  /** Lists the files whose `extends` led here, outermost first. */
  readonly above: readonly string[];
}

/** Returns the layers of a source, the most basic one first. */
function layersOf(source: string, { recipes, folder, above }: LookupPlace): ConfigLayer[] {
  const recipe = recipes.get(source);
  if (recipe !== undefined) return [{ label: source, values: recipe.config() as unknown as Section }];
  const file = path.join(path.isAbsolute(source) ? '' : folder, source);
  if (!existsSync(file) || !statSync(file).isFile()) throw notFound(source, { recipes, folder, above });
  if (above.includes(file))
    throw new ConfigError(`config ${file}: extends itself through ${above.join(' → ')}`);
  const { extends: base, ...values } = readYaml(file);
  if (base === undefined) return [{ label: file, values }];
  if (typeof base !== 'string') {
    throw new ConfigError(
      `config ${file}: extends: expected a recipe or a file, received ${JSON.stringify(base)}`,
    );
  }
  const below = layersOf(base, { recipes, folder: path.dirname(file), above: [...above, file] });
  return [...below, { label: file, values }];
}

function notFound(source: string, { recipes, above }: LookupPlace): ConfigError {
  const from = above.length > 0 ? ` ${above.at(-1)}: extends ${source}` : ` ${source}`;
  const looksLikeFile = /[/\\]|\.ya?ml$/.test(source);
  if (looksLikeFile) return new ConfigError(`config${from}: no such file`);
  return new ConfigError(
    `config${from}: no recipe of this name and no such file${suggestion(source, [...recipes.keys()])} ` +
      '(coarsely recipes lists them)',
  );
}

function readYaml(file: string): Section {
  let content: unknown;
  try {
    content = parseYaml(readText(file));
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new ConfigError(`config ${file}: not valid YAML: ${cause.message}`, { cause });
    if (!(cause instanceof YamlTextError)) throw cause;
    const { line, message } = cause;
    const place = line === undefined ? '' : `:${line}`;
    throw new ConfigError(`config ${file}${place}: not valid YAML: ${message}`, { cause });
  }
  if (content === null) return {};
  if (!isSection(content)) {
    throw new ConfigError(
      `config ${file}: expected keys and values (training: …), received ${typeof content}`,
    );
  }
  return content;
}
