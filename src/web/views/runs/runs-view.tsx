/** Shows the runs of the named folders: what each is doing, and the curves of those that are ticked, as they train. */

import type { InferResponseType } from 'hono/client';
import { useEffect, useState } from 'preact/hooks';
import { api, call } from '../../api.js';
import { useServerEvent } from '../../events.js';
import { currentAddress, setParameters } from '../../navigation.js';
import { ClassTable, type ComparedRun, percent, RunCharts } from './run-charts.js';
import './runs.css';

type RunPage = InferResponseType<typeof api.runs.$get, 200>;
type ListedRun = RunPage['runs'][number];

const pageSize = 50;
/** The server compares up to this many. */
const mostCompared = 12;

/** Shows the view `Runs`. */
export function RunsView() {
  const [page, setPage] = useState<RunPage | null>(null);
  const [compared, setCompared] = useState<readonly ComparedRun[]>([]);
  const [error, setError] = useState<string | null>(null);
  const [changes, setChanges] = useState(0);
  const { parameters } = currentAddress.value;
  const from = Math.max(0, Number(parameters.get('from')) || 0);
  const chosen = parameters.get('runs');
  const first = page?.runs.find(({ problem }) => problem === null)?.name;
  // Until a person chooses, the run that logged last is shown.
  const given: string = chosen ?? JSON.stringify(first === undefined ? [] : [first]);
  const names = readNames(given);
  const failed = (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason));

  useServerEvent('run', () => setChanges((count) => count + 1));
  useEffect(() => {
    let isCurrent = true;
    call(api.runs.$get({ query: { from: String(from), count: String(pageSize) } })).then((found) => {
      if (isCurrent) setPage(found);
    }, failed);
    return () => {
      isCurrent = false;
    };
  }, [from, changes]);
  useEffect(() => {
    let isCurrent = true;
    if (names.length === 0) setCompared([]);
    else
      call(api.runs.report.$get({ query: { run: [...names] } })).then((found) => {
        if (!isCurrent) return;
        setCompared(found.runs);
        setError(null);
      }, failed);
    return () => {
      isCurrent = false;
    };
  }, [given, changes]);

  const tick = (name: string) => {
    const ticked = names.includes(name) ? names.filter((one) => one !== name) : [...names, name];
    setParameters({ runs: JSON.stringify(ticked) }, { replace: true });
  };
  const stop = (run: string) => {
    call(api.runs.stop.$post({ json: { run } })).then(() => setChanges((count) => count + 1), failed);
  };
  if (page === null) return error === null ? <p>Reading the runs …</p> : <p role="alert">{error}</p>;
  if (page.total === 0)
    return <p>There is no run in the named folders yet. A run appears here when its training begins.</p>;
  return (
    <div class="runs-view">
      {error !== null && <p role="alert">{error}</p>}
      <ul class="run-list" aria-label="Runs">
        {page.runs.map((run) => (
          <RunRow
            key={run.name}
            run={run}
            ticked={names.includes(run.name)}
            isFull={names.length >= mostCompared}
            onTick={() => tick(run.name)}
            onStop={() => stop(run.name)}
          />
        ))}
      </ul>
      {page.total > pageSize && (
        <nav aria-label="Pages of runs">
          <button type="button" disabled={from === 0} onClick={() => turn(from - pageSize)}>
            Earlier in the list
          </button>
          <span>
            {from + 1} to {Math.min(from + pageSize, page.total)} of {page.total}
          </span>
          <button
            type="button"
            disabled={from + pageSize >= page.total}
            onClick={() => turn(from + pageSize)}
          >
            Later in the list
          </button>
        </nav>
      )}
      <RunCharts runs={compared} />
      <ClassTable runs={compared} />
    </div>
  );
}

interface RunRowOptions {
  readonly run: ListedRun;
  readonly ticked: boolean;
  /** Tells that no more runs can be compared. */
  readonly isFull: boolean;
  readonly onTick: () => void;
  readonly onStop: () => void;
}

function RunRow({ run, ticked, isFull, onTick, onStop }: RunRowOptions) {
  const { name, activity, process, step, iterations, loss, mIoU, problem } = run;
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={ticked}
          disabled={!ticked && (isFull || problem !== null)}
          onChange={onTick}
        />
        {name}
      </label>
      {problem === null ? (
        <>
          <span class={`activity ${activity}`}>{activity}</span>
          <span>{iterations === null ? `step ${step}` : `step ${step} of ${iterations}`}</span>
          <span>loss {loss === null ? '–' : loss.toPrecision(4)}</span>
          <span>mIoU {percent(mIoU)} %</span>
        </>
      ) : (
        <span class="problem">{problem}</span>
      )}
      {process?.onThisMachine === true && (
        <button type="button" onClick={onStop} aria-label={`Stop ${name}`}>
          Stop
        </button>
      )}
    </li>
  );
}

function turn(from: number): void {
  setParameters({ from: String(Math.max(0, from)) });
}

function readNames(text: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names)
      ? names.filter((name) => typeof name === 'string').slice(0, mostCompared)
      : [];
  } catch {
    return [];
  }
}
