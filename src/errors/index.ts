export {
  CheckpointError,
  CoarselyError,
  ConfigError,
  DataError,
  DistributedError,
  EngineError,
  type ErrorOptions,
  FileError,
} from './coarsely-error.js';
export { nearest, suggestion } from './nearest.js';
