/**
 * Decides what must be compiled again. An object is fresh when its source, every header it included, the compiler and
 * the flags are those of its last compilation. Contents are compared, not times, so that switching branches back and
 * forth recompiles nothing.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildPlan, compilerOf, flagsOf, linkFlags, sharedHeaders, sharedHeadersPath } from './plan.js';

export function objectPath(plan: BuildPlan, source: string): string {
  if (source === sharedHeaders) return sharedHeadersPath(plan);
  return join(plan.folder, `${source.replaceAll('/', '__')}.o`);
}

export function signaturePath(plan: BuildPlan, source: string): string {
  return `${objectPath(plan, source)}.signature`;
}

/** Returns a digest of everything that the object depends on, or undefined when it has not been compiled yet. */
export function signatureOf(plan: BuildPlan, source: string): string | undefined {
  const rules = `${objectPath(plan, source)}.d`;
  if (!existsSync(objectPath(plan, source)) || !existsSync(rules)) return undefined;
  const digest = createHash('sha256').update(
    JSON.stringify([compilerOf(plan, source), flagsOf(plan, source)]),
  );
  for (const path of listDependencies(readFileSync(rules, 'utf8'))) {
    if (!existsSync(path)) return undefined;
    // The precompiled headers are large; their own signature stands for them.
    if (path === sharedHeadersPath(plan)) {
      digest.update(readIfPresent(signaturePath(plan, sharedHeaders)) ?? '');
    } else digest.update(path).update(readFileSync(path));
  }
  return digest.digest('hex');
}

/** Parses the compiler's `object: source header \<newline> header`, in which spaces inside names are escaped. */
function listDependencies(rules: string): string[] {
  const names = rules.replace(/^.*?: /s, '').replaceAll('\\\n', ' ');
  return names
    .split(/(?<!\\)\s+/)
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('\\ ', ' '));
}

export function isStale(plan: BuildPlan, source: string): boolean {
  const now = signatureOf(plan, source);
  return now === undefined || now !== readIfPresent(signaturePath(plan, source));
}

export function listStaleSources(plan: BuildPlan): string[] {
  return plan.sources.filter((source) => isStale(plan, source));
}

/** Returns a digest of the objects and flags that the addon is linked from. */
export function linkSignatureOf(plan: BuildPlan): string {
  const digest = createHash('sha256').update(JSON.stringify([plan.compiler, linkFlags(plan)]));
  for (const source of plan.sources) {
    digest.update(source).update(readIfPresent(signaturePath(plan, source)) ?? '');
  }
  return digest.digest('hex');
}

export function isLinked(plan: BuildPlan): boolean {
  return existsSync(plan.addon) && readIfPresent(`${plan.addon}.signature`) === linkSignatureOf(plan);
}

export function readIfPresent(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
