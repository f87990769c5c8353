/**
 * Writes the JSON files beside the addon: engine.json and default.json, by which src/torch/native.ts finds the addon to
 * load, and compile_commands.json, by which an editor understands native/.
 */

import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readIfPresent } from './freshness.js';
import { type BuildPlan, compilerOf, flagsOf } from './plan.js';

interface EngineRecord {
  readonly key: string;
  readonly path: string;
  readonly kind: string;
  readonly version: string;
  readonly cuda: boolean;
  readonly folder: string;
  /** Absolute values of COARSELY_TORCH for which a program loads this addon. */
  readonly requests: readonly string[];
}

/** Records which libtorch the addon was built for, and makes it the default when there is none or none was requested. */
export function recordEngine({ torch, folder, addon }: BuildPlan, output: string): void {
  const { key, kind, version, cuda } = torch;
  const path = join(folder, 'engine.json');
  const before = parseIfPresent<EngineRecord>(path);
  const requests = new Set(before?.folder === torch.folder ? before.requests : []);
  if (process.env.COARSELY_TORCH) requests.add(resolve(process.env.COARSELY_TORCH));
  const record: EngineRecord = {
    key,
    path: addon,
    kind,
    version,
    cuda,
    folder: torch.folder,
    requests: [...requests],
  };
  writeIfChanged(path, record);

  const defaultPath = join(output, 'default.json');
  const current = parseIfPresent<{ path: string }>(defaultPath);
  if (process.env.COARSELY_TORCH && current && existsSync(current.path)) return;
  writeIfChanged(defaultPath, { key, path: addon });
}

/** Writes compile_commands.json to the build folder, where clangd looks for it by itself. */
export function recordCommands(plan: BuildPlan, output: string): void {
  // Precompiled headers are left out, as clangd cannot read those of another compiler.
  const commands = plan.sources.map((source) => ({
    directory: plan.native,
    file: join(plan.native, source),
    arguments: [...compilerOf(plan, source).split(' '), ...flagsOf(plan, source), '-c', source],
  }));
  writeIfChanged(join(dirname(output), 'compile_commands.json'), commands);
}

function writeIfChanged(path: string, value: unknown): void {
  const text = `${JSON.stringify(value, undefined, 2)}\n`;
  if (readIfPresent(path) === text) return;
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

function parseIfPresent<Value>(path: string): Value | undefined {
  const text = readIfPresent(path);
  return text === undefined ? undefined : (JSON.parse(text) as Value);
}
