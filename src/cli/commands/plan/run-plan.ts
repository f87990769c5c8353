/** Runs `coarsely plan`: loads the config, shows how far the curves have come, and writes and prints the plan. */

import { exitCodes } from '../../../errors/internal.js';
import { counted, formatDuration, formatNumber, formatPercent, shellWord } from '../../../format/index.js';
import { type LabelCosts, type PlanEvent, planLabeling, writePlan } from '../../../plan/index.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';
import { fetchWeights } from '../../training/fetch-weights.js';
import { onStopRequest } from '../../training/interrupts.js';
import { loadConfig } from '../../training/load-config.js';

/** Holds the parsed options. */
export interface PlanOptions {
  readonly data?: string;
  readonly costs: LabelCosts;
  readonly hours: number;
  readonly seeds: number;
  readonly set?: readonly string[];
  readonly output: string;
}

/** Makes a head cheaper than that of a run; its score on CamVid is the same (docs/results/plan-camvid.md). */
const cheaperHead = ['training.iterations=300', 'quick.pixels=4096'];

/**
 * Runs the plan and returns the exit code: 0, or `interrupted` after Ctrl-C.
 *
 * @throws {ConfigError} when the config cannot be planned with, or the folder has scores of other settings
 * @throws {DataError} when the dataset cannot be used
 */
export async function runPlan(source: string, options: PlanOptions): Promise<number> {
  const { data, costs, hours, seeds, set = [], output } = options;
  const changes = [...(source === 'quick' ? cheaperHead : []), ...set];
  const config = await loadConfig(source, { set: changes, ...(data !== undefined && { data }) });
  await fetchWeights([config]);
  const command = commandOf(source, options);
  const display = createPlanDisplay();
  let stopping = false;
  const endRequests = onStopRequest(['SIGINT', 'SIGTERM'], (count) => {
    if (count > 1) process.exit(exitCodes.interrupted);
    stopping = true;
    display.print('stopping after this head; its score is kept (press Ctrl-C again to end at once)');
  });
  try {
    const plan = await planLabeling(config, {
      ...{ costs, hours, seeds, folder: output },
      onEvent: display.show,
      shouldStop: () => stopping,
    });
    display.close();
    if (plan === null) {
      process.stdout.write(`interrupted; run the same command again to continue:\n  ${command}\n`);
      return exitCodes.interrupted;
    }
    const files = writePlan(plan, { folder: output, command });
    for (const line of plan.assumptions) process.stdout.write(`assumed: ${line}\n`);
    process.stdout.write(`${plan.recommendation.sentence}\n`);
    process.stdout.write(`wrote ${files.markdown}, ${files.json} and ${files.svg}\n`);
    return 0;
  } finally {
    endRequests();
    display.close();
  }
}

interface PlanDisplay {
  readonly show: (event: PlanEvent) => void;
  readonly print: (line: string) => void;
  readonly close: () => void;
}

/** Shows features as one line on a terminal, and a line for each score. */
function createPlanDisplay(): PlanDisplay {
  let line: ReturnType<typeof createProgressLine> | null = null;
  let table = '';
  const close = () => {
    line?.close();
    line = null;
  };
  const print = (text: string) => {
    close();
    process.stdout.write(`${text}\n`);
  };
  const show = (event: PlanEvent) => {
    switch (event.type) {
      case 'features':
        if (line === null || table !== event.table) {
          close();
          table = event.table;
          line = createProgressLine(`features of ${event.table} images`);
        }
        line.show(event);
        break;
      case 'estimate':
        print(
          `${counted(event.trainings, 'head')} to train, about ${formatDuration(event.seconds)}` +
            (event.kept > 0 ? `; ${counted(event.kept, 'score is', 'scores are')} known already` : ''),
        );
        break;
      case 'score': {
        const { key, mIoU, done, total, secondsLeft } = event;
        print(
          `[${done}/${total}] ${key.kind} ${formatNumber(key.count, { digits: 12 })}  seed ${key.seed}  ` +
            `mIoU ${formatPercent(mIoU)}  ETA ${formatDuration(secondsLeft)}`,
        );
        break;
      }
      case 'notice':
        close();
        printNotice(event.message);
        break;
      default:
        event satisfies never;
    }
  };
  return { show, print, close };
}

/** Returns the command that makes the same plan. */
function commandOf(source: string, { data, costs, hours, seeds, set = [], output }: PlanOptions): string {
  const words = [
    'coarsely plan',
    ...(source === 'quick' ? [] : [shellWord(source)]),
    ...(data === undefined ? [] : [`--data ${shellWord(data)}`]),
    `--costs ${Object.entries(costs)
      .map(([name, seconds]) => `${name}=${seconds}s`)
      .join(',')}`,
    `--hours ${hours}`,
    `--seeds ${seeds}`,
    ...set.map((change) => `--set ${shellWord(change)}`),
    `--output ${shellWord(output)}`,
  ];
  return words.join(' ');
}
