/** Holds what the routes of the views share: the workspace, events, jobs, pictures and the opened dataset. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ServedDataset } from './dataset/served-dataset.js';
import { EventHub } from './event-hub.js';
import { JobQueue } from './jobs/job-queue.js';
import { PictureCache } from './pictures/picture-cache.js';
import { ServedJournal } from './served-journal.js';
import type { Workspace } from './workspace.js';

/** Is given to the routes of each view. */
export interface ServerContext {
  readonly workspace: Workspace;
  readonly events: EventHub;
  readonly jobs: JobQueue;
  readonly pictures: PictureCache;
  /** Is the one journal of decisions, to which all views append. */
  readonly journal: ServedJournal;
  /** Tells one built page from another; an open page of another version loads itself again. */
  readonly pageVersion: string;
  /**
   * Opens the dataset when it is first needed, and again after its files have changed. Ask for it in each call, and keep
   * nothing of it between calls.
   *
   * @throws {NotFoundError} when none was named
   * @throws {DataError} when it cannot be used
   */
  dataset(): Promise<ServedDataset>;
  /** Forgets the opened dataset, as its files have changed, and tells the pages. */
  datasetChanged(): void;
  /** Calls `end` when the server ends, as for processes that a view started. */
  onClose(end: () => void | Promise<void>): void;
  /** Ends everything that was started for the page. */
  close(): Promise<void>;
}

/** Makes the context of a server. The folder of its cache is made where it is missing. */
export function createContext(
  workspace: Workspace,
  { pageVersion = '' }: { readonly pageVersion?: string } = {},
): ServerContext {
  mkdirSync(workspace.cache, { recursive: true, mode: 0o700 });
  const events = new EventHub();
  const jobs = new JobQueue({ folder: join(workspace.cache, 'jobs'), events });
  const pictures = new PictureCache(join(workspace.cache, 'pictures'));
  const journal = new ServedJournal({ path: workspace.journal, events });
  const ends: (() => void | Promise<void>)[] = [];
  let opened: Promise<ServedDataset> | null = null;
  return {
    ...{ workspace, events, jobs, pictures, journal, pageVersion },
    dataset: () => {
      if (opened === null) {
        const opening = ServedDataset.open(workspace);
        opened = opening;
        opening.catch(() => {
          if (opened === opening) opened = null;
        });
      }
      return opened;
    },
    datasetChanged: () => {
      opened = null;
      events.publish({ type: 'dataset' });
    },
    onClose: (end) => {
      ends.push(end);
    },
    close: async () => {
      events.close();
      await Promise.all([jobs.close(), ...ends.splice(0).map((end) => end())]);
      journal[Symbol.dispose]();
    },
  };
}
