/** Starts a command on the server by a button, and shows the command, so that a person can also type it. */

import { useEffect, useState } from 'preact/hooks';
import { api, call } from '../api.js';
import { isOpen, lastJob, refreshJobs, type ShownJob } from './job-list.js';
import { JobState } from './job-state.js';

/** Configures `JobButton`. */
export interface JobButtonOptions {
  /** Names the kind of the command in `src/server/jobs/job-kinds.ts`. */
  readonly kind: string;
  /** Is the text of the button. */
  readonly label: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Is called when the command, started here or elsewhere, has ended well. */
  readonly onFinished?: (job: ShownJob) => void;
}

/** Shows a button that starts a command, the command itself, and how far its last job has come. */
export function JobButton({ kind, label, options = {}, onFinished }: JobButtonOptions) {
  const [command, setCommand] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [wasOpen, setWasOpen] = useState(false);
  const job = lastJob(kind);
  const running = job !== undefined && isOpen(job);
  const given = JSON.stringify(options);
  const body = { json: { kind, options: JSON.parse(given) as Record<string, unknown> } };
  const failed = (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason));

  useEffect(() => {
    call(api.jobs.command.$post(body)).then((found) => setCommand(found.command), failed);
  }, [kind, given]);
  useEffect(() => {
    if (wasOpen && job?.state === 'finished') onFinished?.(job);
    setWasOpen(running);
  }, [job?.id, job?.state]);

  const start = () => {
    setError(null);
    call(api.jobs.$post(body)).then(refreshJobs, failed);
  };
  return (
    <div class="job-button">
      <button type="button" onClick={start} disabled={running || command === null}>
        {label}
      </button>
      {command !== null && <code>{command}</code>}
      {job !== undefined && <JobState job={job} />}
      {error !== null && <p role="alert">{error}</p>}
    </div>
  );
}
