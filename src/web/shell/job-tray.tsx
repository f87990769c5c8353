/** Shows the commands that run on the server, from every view. */

import { useState } from 'preact/hooks';
import { isOpen, jobs } from '../jobs/job-list.js';
import { JobState } from '../jobs/job-state.js';

/** Limits the jobs in the tray. */
const mostShown = 8;

/** Shows a button that says how many commands run, and opens the list of the last ones. */
export function JobTray() {
  const [shown, setShown] = useState(false);
  const all = jobs.value;
  if (all.length === 0) return null;
  const running = all.filter(isOpen);
  const [first] = running;
  const failed = all[0]?.state === 'failed';
  const label =
    first === undefined
      ? failed
        ? 'A command failed'
        : 'Commands'
      : running.length === 1
        ? first.title
        : `${first.title} and ${running.length - 1} more`;
  return (
    <div class="job-tray">
      <button
        type="button"
        class={first !== undefined ? 'is-busy' : failed ? 'has-failed' : ''}
        aria-expanded={shown}
        aria-controls="jobs"
        onClick={() => setShown(!shown)}
      >
        {label}
      </button>
      {shown && (
        <section id="jobs" aria-label="Commands on the server">
          {all.slice(0, mostShown).map((job) => (
            <article key={job.id}>
              <h2>{job.title}</h2>
              <code>{job.command}</code>
              <JobState job={job} />
            </article>
          ))}
        </section>
      )}
    </div>
  );
}
