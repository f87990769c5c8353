/** `coarsely recipes` lists what can be trained by name, and prints the config of a name. */

import { Command } from 'commander';
import { ConfigError } from '../../../errors/index.js';
import { suggestion } from '../../../errors/internal.js';
import { recipes } from '../../../recipes/index.js';

const examples = `
With a name, prints the recipe's whole config: every key that a config file or --set can change.

Example:
  $ coarsely recipes
  $ coarsely recipes folder-arm
  $ printf 'extends: folder-arm\\ndata: { root: my-dataset }\\n' > mine.yaml && coarsely train mine.yaml`;

export function recipesCommand(): Command {
  return new Command('recipes')
    .description('list the built-in recipes, which train can run and a config can extend')
    .argument('[name]', 'print the whole config of this recipe')
    .addHelpText('after', examples)
    .action((name: string | undefined) => (name === undefined ? listRecipes() : printRecipe(name)));
}

function listRecipes(): void {
  const all = [...recipes.values()];
  const rows = all
    .filter(({ group }) => group === undefined)
    .map(({ name, description }) => `${name.padEnd(22)}  ${description}`);
  process.stdout.write(`${rows.join('\n')}\n`);
  const groups = new Set(all.flatMap(({ group }) => group ?? []));
  for (const title of groups) {
    const names = all.filter(({ group }) => group === title).map(({ name }) => name);
    process.stdout.write(`\n${title}:\n${wrapped(names)}\n`);
  }
}

/** Sets words in indented lines of at most 100 characters. */
function wrapped(words: readonly string[]): string {
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length > 98) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line}  ${word}`;
  }
  return lines.map((line) => `  ${line}`).join('\n');
}

async function printRecipe(name: string): Promise<void> {
  const { configSchema, configToYaml } = await import('../../../config/index.js');
  const { parseLayers } = await import('../../../config/internal.js');
  const recipe = recipes.get(name);
  if (recipe === undefined) {
    const advice = suggestion(name, [...recipes.keys()]) || '; coarsely recipes lists the recipes';
    throw new ConfigError(`recipes: no recipe ${name}${advice}`);
  }
  const values = { ...recipe.config() };
  // A recipe for any folder has no root of its own, and is shown with that of the examples.
  const example = { label: name, values: { data: { root: values.data.root ?? 'my-dataset' } } };
  process.stdout.write(configToYaml(parseLayers(configSchema, [{ label: name, values }, example])));
}
