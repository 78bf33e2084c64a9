import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AerieError } from '@aerie/contracts';
import { ModelLoadError } from '../model-load.error.js';
import { fileFault } from '../repository/file-fault.js';

/**
 * The error of a runtime that could not open a model. The runtime speaks of protobuf parsing; where the model's file, or
 * one beside it that holds its weights, is no such thing at all, that is the reason.
 */
export async function openFailure(what: string, modelPath: string, error: unknown): Promise<ModelLoadError> {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  // The kernel's word on a model that does not fit, which crossed a thread.
  if (cause instanceof Error && cause.name === AerieError.name)
    return new ModelLoadError(cause.message, detailOf(cause.cause ?? cause), error);
  const fault = await faultOf(modelPath).catch(() => null);
  const reason = `the runtime could not open ${what}`;
  return new ModelLoadError(fault === null ? reason : `${reason}: ${fault}`, detailOf(cause), error);
}

function detailOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

async function faultOf(modelPath: string): Promise<string | null> {
  const folder = dirname(modelPath);
  const entries = await readdir(folder, { withFileTypes: true });
  const weights = entries
    .filter((entry) => entry.isFile() && /data|\.bin$/.test(entry.name) && entry.name !== basename(modelPath))
    .map(({ name }) => name);
  for (const name of [basename(modelPath), ...weights]) {
    const fault = await fileFault(join(folder, name));
    if (fault !== null) return `${name} ${fault}`;
  }
  return null;
}
