/**
 * Looks at times of change now and then, and tells the pages what changed. It works on network drives too, and looks only
 * while a page is open.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerContext } from './context.js';
import { findRuns } from './runs/run-folders.js';

const everyMilliseconds = 1000;
/** Limits the runs that are looked at. */
const mostRuns = 1000;

/** Starts watching, and returns a function that ends it. */
export function watchFiles(
  context: ServerContext,
  { interval = everyMilliseconds }: { readonly interval?: number } = {},
): () => void {
  const watch = new FileWatch(context);
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    if (context.events.listenerCount > 0) await watch.look().catch(() => undefined);
    if (!ended) timer = setTimeout(look, interval).unref();
  };
  void look();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Remembers what the files were like. */
export class FileWatch {
  readonly #context: ServerContext;
  readonly #states = new Map<string, string>();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** Looks at all files once; the first time nothing counts as changed. */
  async look(): Promise<void> {
    const { workspace, events } = this.#context;
    for (const { name: run, folder } of (await findRuns(workspace.runs)).slice(0, mostRuns)) {
      const files = ['metrics.jsonl', 'state.json'].map((file) => join(folder, file));
      if (await this.#changed(`run ${folder}`, files)) events.publish({ type: 'run', run });
    }
    if (await this.#changed('runs', workspace.runs)) events.publish({ type: 'run', run: '' });
    const { audit, journal } = workspace;
    if (audit !== null && (await this.#changed('audit', [join(audit, 'audit.json')]))) {
      events.publish({ type: 'audit' });
    }
    if (journal !== null && (await this.#changed('journal', [journal]))) {
      events.publish({ type: 'journal', origin: null });
    }
    if (workspace.dataset !== null) await this.#lookAtDataset(workspace.dataset);
  }

  async #lookAtDataset(root: string): Promise<void> {
    const opened = await this.#context.dataset().catch(() => null);
    const folders = opened === null ? [root] : await opened.folders();
    if (await this.#changed('dataset', [join(root, 'classes.json'), ...folders]))
      this.#context.datasetChanged();
  }

  async #changed(key: string, paths: readonly string[]): Promise<boolean> {
    const states = await Promise.all(paths.map(stateOf));
    const state = states.join(' ');
    const before = this.#states.get(key);
    this.#states.set(key, state);
    return before !== undefined && before !== state;
  }
}

async function stateOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found === null ? '-' : `${found.ino}:${found.size}:${found.mtimeNs}`;
}
