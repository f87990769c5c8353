/** Describes the machine and the versions that results were measured with. */

import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { engine } from 'coarsely/torch';
import { project } from './project.js';

export function describeMachine() {
  return {
    processor: cpus()[0]?.model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
}

/** Returns the versions of this package and of Node. */
export function packageVersions(): { coarsely: string; node: string } {
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  return { coarsely: version, node: process.versions.node };
}

/** Returns the versions of this package, of Node and of the libtorch that this process has loaded. */
export function engineVersions(): { coarsely: string; node: string; libtorch: string } {
  return { ...packageVersions(), libtorch: engine().version };
}
