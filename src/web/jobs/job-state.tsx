/** Shows how far a job has come, with its last lines, and ends it. */

import { useEffect, useState } from 'preact/hooks';
import { api, call } from '../api.js';
import { useServerEvent } from '../events.js';
import { isOpen, refreshJobs, type ShownJob } from './job-list.js';

const words = {
  waiting: 'waits for the job before it',
  running: 'running',
  finished: 'finished',
  failed: 'failed',
  canceled: 'canceled',
  lost: 'ended while no server was there; its output says how',
} as const satisfies Readonly<Record<ShownJob['state'], string>>;

/** Shows the state of a job, its last line, all of its output on request, and a button that ends it. */
export function JobState({ job }: { readonly job: ShownJob }) {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [error, setError] = useState<string | null>(null);
  const ask = () =>
    call(api.jobs[':id'].$get({ param: { id: job.id }, query: { lines: '40' } })).then(
      (found) => setLines(found.lines),
      () => undefined,
    );
  useEffect(() => void ask(), [job.id, job.state]);
  useServerEvent('job', (event) => {
    if (event === null || event.job === job.id) void ask();
  });
  const cancel = () =>
    call(api.jobs[':id'].cancel.$post({ param: { id: job.id } })).then(refreshJobs, (reason: unknown) =>
      setError(reason instanceof Error ? reason.message : String(reason)),
    );
  return (
    <div class={`job-state job-${job.state}`}>
      <p>
        <strong>{words[job.state]}</strong>
        {isOpen(job) && (
          <button type="button" class="quiet" onClick={() => void cancel()}>
            Cancel<span class="visually-hidden"> {job.title}</span>
          </button>
        )}
      </p>
      {lines.length > 0 && (
        <details>
          <summary>{lines.at(-1)}</summary>
          <pre>{lines.join('\n')}</pre>
        </details>
      )}
      {error !== null && <p role="alert">{error}</p>}
    </div>
  );
}
