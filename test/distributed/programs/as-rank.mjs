/** Joins a program to its process group and reports how it ended; ../run-ranks.ts starts the programs. */
import { ProcessGroup, readRankEnvironment } from 'coarsely/distributed';
import { liveTensorCount, setThreads } from 'coarsely/torch';

/** The options that the test passed to `runRanks`. */
export const options = JSON.parse(process.env.TEST_OPTIONS ?? '{}');

/**
 * Joins the process group, runs `body(processGroup)` and sends its result or its error to the test. Without RANK the
 * process group is null.
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
