export { type Decision, type JournalLine, journalLine } from './journal-line.js';
export { JournalWriter, type NewJournalLine } from './journal-writer.js';
export { type Journal, type PlacedLine, readJournal } from './read-journal.js';
export type { ReviewFinding } from './review-finding.js';
