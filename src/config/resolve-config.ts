/** A config by name: a recipe, or a YAML file that may say `extends: RECIPE` or `extends: other.yaml`. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { isSection, type Section } from './merge.js';
import { type ConfigLayer, type ParseOptions, parseLayers } from './parse-config.js';
import type { Config, ConfigInput, ConfigSchema } from './schema.js';
import { parseSetOptions } from './set-option.js';

/** A recipe as far as a config needs to know it; its data root may be left to the person. */
export interface NamedRecipe {
  readonly config: () => RecipeConfig;
}

/** What a recipe returns: a config input, whose `data.root` the person may still have to name. */
export type RecipeConfig = Omit<ConfigInput, 'data'> & {
  readonly data: Omit<ConfigInput['data'], 'root'> & { readonly root?: string };
};

export interface ResolveOptions extends ParseOptions {
  readonly schema: ConfigSchema;
  /** Recipes by name. */
  readonly recipes?: ReadonlyMap<string, NamedRecipe>;
  /** Keys that other options of a command change, such as `--data ROOT`; they win over the source. */
  readonly changes?: readonly ConfigLayer[];
  /** `KEY=VALUE` texts, applied in this order over everything else. */
  readonly set?: readonly string[];
}

/**
 * The complete config of a recipe's name or a YAML file's path. Throws a ConfigError that names the file and key for
 * everything that a config can get wrong; looks at no dataset and no weights (that is `checkConfig`).
 */
export function resolveConfig(source: string, options: ResolveOptions): Config {
  const { schema, recipes = new Map(), changes = [], set = [], onNotice } = options;
  const layers = [...layersOf(source, { recipes, folder: '.', above: [] }), ...changes];
  if (set.length > 0) layers.push({ label: '--set', values: parseSetOptions(set) });
  return parseLayers(schema, layers, { onNotice });
}

interface Place {
  readonly recipes: ReadonlyMap<string, NamedRecipe>;
  /** Relative files are looked for here: the folder of the file that says `extends`. */
  readonly folder: string;
  /** Files that led here, outermost first. */
  readonly above: readonly string[];
}

/** The layers of a source, from the most basic one up. */
function layersOf(source: string, { recipes, folder, above }: Place): ConfigLayer[] {
  const recipe = recipes.get(source);
  if (recipe !== undefined) return [{ label: source, values: recipe.config() as unknown as Section }];
  const file = path.join(path.isAbsolute(source) ? '' : folder, source);
  if (!existsSync(file) || !statSync(file).isFile()) throw notFound(source, { recipes, folder, above });
  if (above.includes(file))
    throw new ConfigError(`config ${file}: extends itself by way of ${above.join(' → ')}`);
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

function notFound(source: string, { recipes, above }: Place): ConfigError {
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
    content = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw cause;
    const line = cause.linePos?.[0].line;
    const reason = cause.message.split(/ at line |\n/)[0];
    throw new ConfigError(
      `config ${file}${line === undefined ? '' : `:${line}`}: not valid YAML: ${reason}`,
      {
        cause,
      },
    );
  }
  if (content === null) return {};
  if (!isSection(content)) {
    throw new ConfigError(
      `config ${file}: expected keys and values (training: …), received ${typeof content}`,
    );
  }
  return content;
}
