// The server of the local page (docs/guide/view.md).
export { type StartServerOptions, startServer, type ViewServer } from './start-server.js';
export type { Workspace } from './workspace.js';
