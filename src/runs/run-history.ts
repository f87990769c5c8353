/**
 * Reads and writes `history.jsonl`: one line for each thing that was changed when a run was continued, such as its length
 * or its dataset. A run that was never changed has no such file.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../errors/index.js';
import { parseJson } from '../files/index.js';

export const historyFile = 'history.jsonl';

const change = z.object({
  /** Counts the steps that had been taken when the run was continued with the change. */
  step: z.int().min(0),
  /** Gives the time as ISO 8601 text. */
  time: z.string(),
  kind: z.enum(['iterations', 'config', 'data']),
  /** Says what was changed, in one sentence. */
  text: z.string(),
});

/** Describes one change of a run between two of its steps. */
export type RunChange = Readonly<z.output<typeof change>>;

/**
 * Returns the changes of a run, the oldest first; none where it was never changed.
 * @throws {CheckpointError} naming the first line that is damaged
 */
export function readRunHistory(folder: string): RunChange[] {
  const path = join(folder, historyFile);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop(); // nothing, or a line torn by a kill
  return lines.map((text, index) => {
    const parsed = change.safeParse(parse(text));
    if (parsed.success) return parsed.data;
    throw new CheckpointError(
      `${path}: line ${index + 1} is damaged: expected {"step", "time", "kind", "text"}, found ${JSON.stringify(text.slice(0, 60))}`,
    );
  });
}

export function formatRunChange(one: RunChange): string {
  return `${JSON.stringify(one)}\n`;
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}
