/**
 * Takes the network of a run as the start of another one (`coarsely train --init`): its backbone and head with their
 * weights, and how its images are read. How the new run trains is for its own recipe or file to say.
 */

import { existsSync, statSync } from 'node:fs';
import type { ConfigLayer } from '../../config/index.js';
import { isSection, type Section, storedConfig } from '../../config/internal.js';
import { CheckpointError, ConfigError } from '../../errors/index.js';
import { readRun } from '../../runs/index.js';
import { noCheckpointError } from '../../runs/internal.js';

/** Holds what `--init RUN` changes in a config. */
export interface InitialRun {
  /** Returns the keys of the network, for the config that it becomes a part of. */
  readonly layer: (config: Section) => ConfigLayer;
  /** Names the network, for a line that says what is trained. */
  readonly network: string;
}

// The network computes what it computed in its run only on images that are read and normalized in the same way.
const imageKeys = ['channels', 'imageRange', 'normalization'] as const;

/** Lists the keys of a backbone that change how it learns, and not what it computes. */
const learningKeys: readonly string[] = ['frozen', 'normEval'];

/**
 * Reads the run from which a new one starts.
 * @throws {ConfigError} when the path is a file
 * @throws {CheckpointError} when the folder is not a run, has no checkpoint, or its config describes no network
 */
export function initialRun(folder: string): InitialRun {
  if (existsSync(folder) && statSync(folder).isFile()) {
    throw new ConfigError(
      `--init ${folder}: expected the folder of a run, received a file; a file of weights goes with --weights, and the ` +
        'config must then describe its network',
    );
  }
  const run = readRun(folder);
  if (run.lastCheckpoint === null) throw noCheckpointError(folder);
  const { model, data } = storedConfig(run);
  const { backbone, head } = isSection(model) ? model : ({} as Section);
  if (!isSection(model) || !isSection(backbone) || !isSection(head)) {
    throw new CheckpointError(`${folder}/config.yaml: is damaged: it has no model.backbone and model.head`);
  }
  const alignCorners = 'alignCorners' in model ? { alignCorners: model.alignCorners } : {};
  const reading = isSection(data)
    ? Object.fromEntries(imageKeys.flatMap((key) => (key in data ? [[key, data[key]]] : [])))
    : {};
  return {
    layer: (config) => ({
      label: '--init',
      values: {
        data: reading,
        model: {
          ...alignCorners,
          backbone: { ...withLearningOf(config, backbone), ...('weights' in backbone && { weights: null }) },
          head,
          weights: folder,
        },
      },
    }),
    network: `${String(backbone.kind)} with the head ${String(head.kind)}`,
  };
}

/** Returns the backbone of a run with what the config says of how one learns, which the run may have done otherwise. */
function withLearningOf(config: Section, backbone: Section): Section {
  const own = isSection(config.model) && isSection(config.model.backbone) ? config.model.backbone : {};
  const learning = learningKeys.filter((key) => key in backbone);
  const network = Object.fromEntries(Object.entries(backbone).filter(([key]) => !learningKeys.includes(key)));
  return {
    ...network,
    ...Object.fromEntries(learning.flatMap((key) => (key in own ? [[key, own[key]]] : []))),
  };
}
