/** What can be known before anything is loaded: that the folders and files a config names are there and usable. */

import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../errors/index.js';
import type { ComponentSection } from '../registry/index.js';
import { datasetSection } from './data-section.js';
import type { Config } from './schema.js';

/** Names the folders that a dataset reads, so that a missing one is reported before training starts. */
export type DatasetFolders = (section: ComponentSection) => readonly string[];

/**
 * Throws a ConfigError for the first thing missing: the data root, a folder of images or labels, a weights file, a
 * writable place for the run. `label` says in errors which config is meant.
 */
export function checkConfig(
  config: Config,
  { label, foldersOf }: { label: string; foldersOf: DatasetFolders },
): void {
  checkData(config, label, foldersOf);
  checkWeights(config.model.backbone, label);
  checkOutput(config.output, label);
}

function checkData(config: Config, label: string, foldersOf: DatasetFolders): void {
  const { data } = config;
  if (!isDirectory(data.root)) {
    throw new ConfigError(
      `config ${label}: data.root: no folder ${data.root} (${path.resolve(data.root)}); ` +
        'name the dataset with --data ROOT',
    );
  }
  for (const part of ['train', 'evaluation'] as const) {
    for (const folder of foldersOf(datasetSection(data, part))) {
      if (isDirectory(folder)) continue;
      throw new ConfigError(
        `config ${label}: data.${part}: no folder ${folder}; check data.root, data.${part}.split ` +
          `(${data[part].split}) and data.${part}.labels (${data[part].labels})`,
      );
    }
  }
}

function checkWeights(backbone: ComponentSection, label: string): void {
  const { weights } = backbone;
  if (typeof weights !== 'string' || (existsSync(weights) && statSync(weights).isFile())) return;
  throw new ConfigError(
    `config ${label}: model.backbone.weights: no file ${weights}; give a .pth or .safetensors file, or null`,
  );
}

function checkOutput(output: string, label: string): void {
  let existing = path.resolve(output);
  while (!existsSync(existing)) existing = path.dirname(existing);
  try {
    if (!statSync(existing).isDirectory()) throw new Error('not a folder');
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ConfigError(
      `config ${label}: output: cannot write to ${output}: ${existing} is not a folder you may write to; ` +
        'choose another with --output DIR',
      { cause },
    );
  }
}

function isDirectory(folder: string): boolean {
  return existsSync(folder) && statSync(folder).isDirectory();
}
