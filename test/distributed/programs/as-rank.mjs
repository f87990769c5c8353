/** What every program of a rank begins and ends with; see ../run-ranks.ts, which starts them. */
import { ProcessGroup, readRankEnvironment } from 'coarsely/distributed';
import { liveTensorCount, setThreads } from 'coarsely/torch';

/** What the test asked of this run. */
export const options = JSON.parse(process.env.TEST_OPTIONS ?? '{}');

/**
 * Joins, runs `body(group)` and sends the test what it returns, or how it failed. Without RANK there is no group.
 */
export async function asRank(body) {
  setThreads(1);
  const started = performance.now();
  let processGroup = null;
  const report = {};
  try {
    const environment = readRankEnvironment();
    processGroup =
      environment &&
      ProcessGroup.join(environment, { timeoutSeconds: Number(process.env.TEST_TIMEOUT ?? 60) });
    report.result = await body(processGroup);
    report.liveTensors = liveTensorCount();
    processGroup?.close();
  } catch (error) {
    const { name, code, message, ranks = [] } = error;
    report.error = { name, code, message, ranks };
    processGroup?.close({ reason: message });
  }
  report.seconds = (performance.now() - started) / 1000;
  process.send(report, () => process.disconnect());
}
