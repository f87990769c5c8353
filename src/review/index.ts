export { type ApplyJournalsOptions, applyJournals } from './apply-journals.js';
export type { CopiedDataset } from './copy-dataset.js';
export { decidedRegions } from './decided-regions.js';
export { type Decision, type JournalLine, journalLine } from './journal-line.js';
export { JournalWriter, type NewJournalLine } from './journal-writer.js';
export { type Journal, type PlacedLine, readJournal } from './read-journal.js';
export type { ReviewFinding } from './review-finding.js';
export type { CountedFindings, NamedDisagreement, ReviewSummary } from './review-summary.js';
export { formatTaskFile, type PointTask, readTaskFile, type TaskFile } from './task-file.js';
