/**
 * Keeps the options of an experiment in its folder, so that its tables can be written again and its queue resumed without
 * repeating every option. Progress is in the run folders instead.
 */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import { writeTextAtomically } from '../files/index.js';

const settingsSchema = z.strictObject({
  scale: z.enum(['small', 'paper']).default('small'),
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
 * Returns the options kept in the folder, overridden by those given now. Data folders and weight files are merged by name.
 *
 * @throws {ConfigError} when the file is damaged
 */
export function readSettings(output: string, asked: ExperimentSettingsInput): ExperimentSettings {
  const file = path.join(output, settingsFile);
  const remembered: Partial<ExperimentSettings> = existsSync(file) ? parseSettings(file) : {};
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return settingsSchema.parse({
    ...remembered,
    ...given,
    // A second dataset or backbone is named beside the first, not in its place.
    data: { ...remembered.data, ...asked.data },
    weights: { ...remembered.weights, ...asked.weights },
  });
}

/** Writes the options into the experiment's folder. */
export function writeSettings(output: string, settings: ExperimentSettings): void {
  mkdirSync(output, { recursive: true });
  const text = `${JSON.stringify(settings, null, 1)}\n`;
  writeTextAtomically(path.join(output, settingsFile), text);
}

function parseSettings(file: string): ExperimentSettings {
  try {
    return settingsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new ConfigError(
      `${file}: not the settings of an experiment; delete the file and give all options again`,
      {
        cause,
      },
    );
  }
}
