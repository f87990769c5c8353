export {
  isSystemError,
  syncFolder,
  temporarySuffix,
  writeAll,
  writeFileAtomically,
  writeTextAtomically,
} from './atomic.js';
export { stageFolder, writeDurably } from './staged-folder.js';
