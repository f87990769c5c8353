/** Makes the example pictures of one run, in a process of its own, as a network takes memory and all its time. */

import { writeTextAtomically } from '../../files/index.js';
import { examplePanels, readReportRuns } from '../../report/internal.js';
import type { ExamplesJob } from './examples.js';

process.once('message', ({ folder, count, file }: ExamplesJob) => {
  void make({ folder, count, file }).then(
    () => answer(null),
    (error: unknown) => answer(error instanceof Error ? error.message : String(error)),
  );
});
process.once('disconnect', () => process.exit());

async function make({ folder, count, file }: ExamplesJob): Promise<void> {
  const examples = await examplePanels(readReportRuns([folder]), { count });
  writeTextAtomically(file, JSON.stringify(examples), { createFolder: true });
}

function answer(error: string | null): void {
  process.send?.({ error }, () => process.disconnect());
}
