/** `coarsely recipes`: what can be trained by name. */

import { Command } from 'commander';
import { recipes } from '../../recipes/index.js';

const example = `
Example:
  $ coarsely recipes
  $ coarsely train scenes-arm --set training.iterations=100
  $ printf 'extends: folder-arm\\ndata: { root: my-dataset }\\n' > mine.yaml && coarsely train mine.yaml`;

export function recipesCommand(): Command {
  return new Command('recipes')
    .description('list the built-in experiments that train can run and a config can extend')
    .addHelpText('after', example)
    .action(() => {
      const rows = [...recipes.values()].map(({ name, description }) => `${name.padEnd(22)}  ${description}`);
      process.stdout.write(`${rows.join('\n')}\n`);
    });
}
