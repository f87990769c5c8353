/**
 * Passes on remarks about file systems that lack something, each once per process. Whoever talks to the user listens;
 * remarks that come before anyone listens are kept for the first listener.
 */

type NoticeListener = (notice: string) => void;

const told = new Set<string>();
let kept: string[] = [];
let listener: NoticeListener | null = null;

/**
 * Sends every new remark to `onNotice`, those that nobody has heard yet first.
 *
 * @returns a function that ends it
 */
export function listenToFileNotices(onNotice: NoticeListener): () => void {
  const before = listener;
  listener = onNotice;
  const waiting = kept;
  kept = [];
  for (const notice of waiting) onNotice(notice);
  return () => {
    if (listener === onNotice) listener = before;
  };
}

/** Tells a remark unless one of this `subject` was told before. */
export function noticeOnce(subject: string, notice: string): void {
  if (told.has(subject)) return;
  told.add(subject);
  if (listener === null) kept.push(notice);
  else listener(notice);
}

/** Forgets what was told, for tests that need the remarks of a fresh process. */
export function forgetFileNotices(): void {
  told.clear();
  kept = [];
}
