/** Shows an experiment while it runs: live lines on a terminal, plain ones in a log file. */

import { createLogUpdate } from 'log-update';
import color from 'picocolors';
import type { ExperimentPlan, JobProgress, QueueEvent } from '../../../experiments/index.js';
import { formatDuration } from '../../../format/index.js';
import { missingLines, statusText } from './experiment-plan.js';

/** Shows the events of the queue; `close` leaves the last state on the screen. */
export interface ExperimentDisplay {
  show(event: QueueEvent): void;
  print(line: string): void;
  close(): void;
}

interface Running {
  readonly firstTime: number;
  readonly firstStep: number | null;
  readonly progress: JobProgress | null;
}

/** Returns a display that has printed which rows cannot run. */
export function createExperimentDisplay(
  plan: ExperimentPlan,
  stream: NodeJS.WriteStream = process.stdout,
): ExperimentDisplay {
  const update = stream.isTTY ? createLogUpdate(stream) : null;
  const running = new Map<string, Running>();
  let done = 0;
  const draw = () =>
    update?.([summary(), ...[...running].map(([name, state]) => runningLine(name, state))].join('\n'));
  const print = (line: string) => {
    update?.clear();
    stream.write(`${line}\n`);
    draw();
  };
  for (const line of missingLines(plan)) print(line);
  return { show, print, close: () => update?.done() };

  function show(event: QueueEvent): void {
    const { name } = event.job;
    switch (event.type) {
      case 'skipped':
        done += 1;
        print(`${name}: ${statusText(event.status)} (already)`);
        break;
      case 'started':
        running.set(name, { firstTime: performance.now(), firstStep: null, progress: null });
        print(`${name}: ${event.from > 0 ? `resumed from step ${event.from}` : 'started'}`);
        break;
      case 'set-aside':
        print(`${name}: the run that failed is kept as ${event.folder}`);
        break;
      case 'found-running':
        print(`${name}: waiting for process ${event.pid}, which is training it already`);
        break;
      case 'progress':
        note(name, event.progress);
        draw();
        break;
      case 'ended':
        running.delete(name);
        done += ['finished', 'failed'].includes(event.status.state) ? 1 : 0;
        print(endedLine(event));
        break;
      default:
        event satisfies never;
    }
  }

  function note(name: string, progress: JobProgress): void {
    const before = running.get(name);
    const first = { firstTime: performance.now(), firstStep: progress.step };
    running.set(name, { ...(before?.firstStep == null ? first : before), progress });
  }

  function endedLine({ job, status }: Extract<QueueEvent, { type: 'ended' }>): string {
    const took = status.state === 'finished' ? ` in ${formatDuration(status.seconds)}` : '';
    const why = status.state === 'failed' ? `: ${status.message.split('\n')[0]}` : '';
    return `[${done}/${plan.queue.length}] ${job.name}: ${statusText(status)}${took}${why}`;
  }

  function summary(): string {
    const waiting = plan.queue.length - done - running.size;
    return color.bold(
      `${done} of ${plan.queue.length} runs done, ${running.size} running, ${waiting} waiting`,
    );
  }
}

function runningLine(name: string, { firstTime, firstStep, progress }: Running): string {
  if (progress === null || firstStep === null) return `  ${name}  ${color.dim('starting')}`;
  const { step, iterations } = progress;
  const secondsPerStep = (performance.now() - firstTime) / 1000 / (step - firstStep);
  const left = formatDuration(secondsPerStep * (iterations - step));
  return `  ${name}  step ${step}/${iterations}  ${color.dim(`ETA ${left}`)}`;
}
