/**
 * Keeps the options of an experiment in its folder, so that its tables can be written again and its queue be continued
 * without repeating every option. Progress is kept in the run folders.
 */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import { parseJson, writeTextAtomically } from '../files/index.js';

const settingsSchema = z.strictObject({
  scale: z.enum(['small', 'paper']).default('small'),
  mode: z.enum(['full', 'quick', 'pretrained']).default('full'),
  data: z.strictObject({ cityscapes: z.string().optional(), ade20k: z.string().optional() }).default({}),
  seeds: z.int().min(1).default(3),
  iterations: z.int().min(1).optional(),
  learningRateScale: z.number().positive().optional(),
  weights: z.record(z.string(), z.string()).default({}),
  set: z.array(z.string()).default([]),
});

/** Holds the options of an experiment, defaults filled in. */
export type ExperimentSettings = z.output<typeof settingsSchema>;
/** Holds the options that were given. */
export type ExperimentSettingsInput = z.input<typeof settingsSchema>;

const settingsFile = 'experiment.json';

/**
 * Returns the settings in an experiment's folder, changed by those that are given now. Datasets and weights are changed by
 * name.
 * @throws {ConfigError} when the file is damaged
 */
export function readSettings(output: string, changes: ExperimentSettingsInput): ExperimentSettings {
  const file = path.join(output, settingsFile);
  const stored: Partial<ExperimentSettings> = existsSync(file) ? parseSettings(file) : {};
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return settingsSchema.parse({
    ...stored,
    ...given,
    // A second dataset or backbone is added to the first and does not replace it.
    data: { ...stored.data, ...changes.data },
    weights: { ...stored.weights, ...changes.weights },
  });
}

/** Writes the settings into an experiment's folder. */
export function writeSettings(output: string, settings: ExperimentSettings): void {
  mkdirSync(output, { recursive: true });
  const text = `${JSON.stringify(settings, null, 1)}\n`;
  writeTextAtomically(path.join(output, settingsFile), text);
}

function parseSettings(file: string): ExperimentSettings {
  try {
    return settingsSchema.parse(parseJson(readFileSync(file)));
  } catch (cause) {
    throw new ConfigError(
      `${file}: is damaged: expected the settings of an experiment; remove it and give all options again`,
      {
        cause,
      },
    );
  }
}
