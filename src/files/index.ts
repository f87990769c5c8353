export {
  type AtomicWriteOptions,
  temporarySuffix,
  writeAll,
  writeFileAtomically,
  writeTextAtomically,
} from './atomic.js';
export { createExclusively } from './create-exclusively.js';
export { syncFile, syncFolder } from './durability.js';
export { listenToFileNotices, noticeOnce } from './notices.js';
export { pause } from './replace-file.js';
export { stageFolder, writeDurably } from './staged-folder.js';
export { isSystemError, systemErrorReason } from './system-errors.js';
export { parseJson, readText } from './text.js';
