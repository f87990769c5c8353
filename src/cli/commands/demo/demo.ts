/** `coarsely demo` tries everything on generated scenes: it trains twice on coarse labels and compares on exact ones. */

import { Command } from 'commander';
import { collect } from '../../options/parse-options.js';
import type { DemoOptions } from './run-demo.js';

const example = `
Writes scenes, two runs (cross-entropy and ARM) and a report to DIR. Steps that are finished are skipped, so the same
command continues an interrupted demo.

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
