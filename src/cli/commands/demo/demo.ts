/**
 * Implements `coarsely demo`, which trains twice on generated scenes with coarse labels and compares on exact ones.
 */

import { Command } from 'commander';
import { collect } from '../../options/parse-options.js';
import type { DemoOptions } from './run-demo.js';

const example = `
Writes scenes, two runs (cross-entropy and ARM) and a report below DIR. What is finished already is not done again, so an
interrupted demo goes on where it was.

Example:
  $ coarsely demo
  $ coarsely demo --out /tmp/demo --set training.iterations=100`;

export function demoCommand(): Command {
  return new Command('demo')
    .description('train cross-entropy and ARM on generated scenes and compare them (a few minutes)')
    .option('--out <dir>', 'folder for everything it writes', 'coarsely-demo')
    .option('--set <key=value>', 'change one key of both configs; repeatable', collect)
    .addHelpText('after', example)
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./run-demo.js');
      process.exitCode = await runDemo(options);
    });
}
