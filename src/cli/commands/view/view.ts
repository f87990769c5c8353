/** `coarsely view` serves the local page. */

import { userInfo } from 'node:os';
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { cacheFolder } from '../../../files/index.js';

/** Creates the command. */
export function viewCommand(): Command {
  return new Command('view')
    .description('open a local page: watch runs, look at data, review labels, answer questions')
    .argument('[run...]', 'run folders, or folders that hold them; by default runs')
    .option('--data <dataset>', 'the dataset to look at and correct')
    .option('--labels <name>', 'the labels to look at and correct', 'coarse')
    .option('--split <name>', 'the split to correct', 'train')
    .option('--port <number>', 'the port; by default one that is free', Number, 0)
    .action(
      async (runs: string[], options: { data?: string; labels: string; split: string; port: number }) => {
        const { startServer } = await import('../../../server/index.js');
        const dataset = options.data === undefined ? null : resolve(options.data);
        const name = dataset === null ? null : basename(dataset);
        const server = await startServer(
          {
            runs: (runs.length > 0 ? runs : ['runs']).map((run) => resolve(run)),
            dataset,
            reading: {},
            tasks: null,
            linked: [],
            labels: options.labels,
            split: options.split,
            audit: name === null ? null : resolve(`runs/audit-${name}`),
            journal: name === null ? null : resolve(`runs/review-${name}.jsonl`),
            by: userInfo().username,
            cache: cacheFolder('view'),
          },
          { port: options.port === 0 ? null : options.port },
        );
        process.stdout.write(`${server.url}\n`);
      },
    );
}
