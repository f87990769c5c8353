/** `coarsely demo` tries everything on generated scenes: quick and full training, ARM, coarse and fine labels. */

import { Command } from 'commander';
import { collect } from '../../options/parse-options.js';
import type { DemoOptions } from './run-demo.js';

const example = `
Writes scenes, six runs and a report to DIR: quick training with cross-entropy and ARM on coarse and on fine labels, and
full training with both on coarse labels. All start from ImageNet weights of mobilenet_v2, which are fetched once; where
they are not to be had, the demo trains the two full runs alone, from random weights. Steps that are finished are skipped,
so the same command continues an interrupted demo.

Example:
  $ coarsely demo
  $ coarsely demo --out /tmp/demo --set training.iterations=100 --set-quick training.iterations=200`;

export function demoCommand(): Command {
  return new Command('demo')
    .description('train on generated scenes, quickly and in full, with cross-entropy and ARM (a few minutes)')
    .option('--out <dir>', 'folder for everything it writes', 'coarsely-demo')
    .option('--set <key=value>', 'change one key of full training; repeatable', collect)
    .option('--set-quick <key=value>', 'change one key of quick training; repeatable', collect)
    .addHelpText('after', example)
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./run-demo.js');
      process.exitCode = await runDemo(options);
    });
}
