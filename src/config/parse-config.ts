/** Merges layers (a recipe, files that extend it, the command line) into one checked config. */

import { ConfigError } from '../errors/index.js';
import { valueAt } from '../registry/internal.js';
import { type Complaint, explainIssues } from './explain-issues.js';
import { mergeSections, type Section } from './merge.js';
import { withCurrentKeys } from './renamed-keys.js';
import type { Config, ConfigSchema } from './schema.js';

/** Holds keys of one origin. Errors about them name the label: a file, a recipe, `--set`. */
export interface ConfigLayer {
  readonly label: string;
  readonly values: Section;
}

export interface ParseOptions {
  /** Receives one line for every key that a layer gives under a former name. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

const shownComplaints = 5;

/**
 * Merges the layers, later ones winning, and returns the config that they make together.
 * @throws {ConfigError} with a line for every rejected key: the layer it came from, what was expected, what came
 */
export function parseLayers(
  schema: ConfigSchema,
  given: readonly ConfigLayer[],
  { onNotice }: ParseOptions = {},
): Config {
  const layers = given.map(({ label, values }) => ({
    label,
    values: withCurrentKeys(values, { label, onNotice }),
  }));
  const merged = layers.reduce<Section>((base, { values }) => mergeSections(base, values), { data: {} });
  const parsed = schema.safeParse(merged);
  if (parsed.success) return parsed.data;
  const complaints = explainIssues(schema, parsed.error.issues, merged);
  const lines = complaints.map((complaint) => `config${originOf(complaint, layers)}: ${complaint.text}`);
  const rest = lines.length - shownComplaints;
  const shown = rest > 0 ? [...lines.slice(0, shownComplaints), `(and ${rest} more)`] : lines;
  throw new ConfigError(shown.join('\n'));
}

/** Names the last layer that set the rejected key; for a missing key, the last layer that is not an option. */
function originOf(complaint: Complaint, layers: readonly ConfigLayer[]): string {
  const writer = layers.findLast((layer) => valueAt(layer.values, complaint.path) !== undefined);
  const label =
    (writer ?? layers.findLast((layer) => !layer.label.startsWith('--')) ?? layers.at(-1))?.label ?? '';
  return label === '' ? '' : ` ${label}`;
}
