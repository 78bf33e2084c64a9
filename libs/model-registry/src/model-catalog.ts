import { AerieError, shorten } from '@aerie/contracts';
import type { TaskKind } from '@aerie/tasks';
import type { ModelEntry } from './model-entry.js';
import { ModelRepositoryError } from './model-repository.error.js';

/** The models by name, and the default of each task. */
export class ModelCatalog {
  readonly #entries: ReadonlyMap<string, ModelEntry>;
  readonly #defaults: ReadonlyMap<TaskKind, ModelEntry>;

  /**
   * @param path of the repository, for the error.
   * @throws ModelRepositoryError when a task has several models and not exactly one of them is its default.
   */
  constructor(entries: readonly ModelEntry[], path: string) {
    this.#entries = new Map(entries.map((entry) => [entry.spec.name, entry]));
    this.#defaults = chooseDefaults(entries, path);
  }

  get entries(): readonly ModelEntry[] {
    return [...this.#entries.values()];
  }

  /** @throws AerieError MODEL_NOT_FOUND naming the models there are. */
  get(name: string): ModelEntry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw notFound(`There is no model "${shorten(name)}"`, [...this.#entries.keys()]);
  }

  /**
   * The model that a request for a task means.
   *
   * @throws AerieError MODEL_NOT_FOUND naming the models of the task.
   */
  find(kind: TaskKind, name: string | undefined): ModelEntry {
    const ofTask = this.entries.filter(({ spec }) => spec.task === kind).map(({ spec }) => spec.name);
    if (name === undefined) {
      const entry = this.#defaults.get(kind);
      if (entry !== undefined) return entry;
      throw notFound(whyNoDefault(kind, ofTask.length), ofTask);
    }
    const entry = this.#entries.get(name);
    if (entry?.spec.task === kind) return entry;
    const what =
      entry === undefined
        ? `There is no model "${shorten(name)}" for ${kind}`
        : `The model "${name}" is for ${entry.spec.task}, not for ${kind}`;
    throw notFound(what, ofTask);
  }
}

function whyNoDefault(kind: TaskKind, count: number): string {
  if (count === 0) return `No model serves ${kind}`;
  return count === 1
    ? `No model is the default for ${kind}: name it`
    : `Several models serve ${kind}: name one`;
}

function chooseDefaults(entries: readonly ModelEntry[], path: string): ReadonlyMap<TaskKind, ModelEntry> {
  const defaults = new Map<TaskKind, ModelEntry>();
  for (const [kind, ofTask] of groupByTask(entries)) {
    const models = ofTask.filter(({ spec }) => spec.onlyByName !== true);
    const marked = models.filter(({ spec }) => spec.defaultForTask);
    const candidates = marked.length === 0 ? models : marked;
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) defaults.set(kind, only);
    // Nobody asks for "some tensors": callers of raw tensor models always name one.
    else if (models.length > 0 && (kind !== 'tensor' || marked.length > 1)) {
      const names = candidates.map(({ spec }) => `"${spec.name}"`).join(', ');
      throw new ModelRepositoryError(path, [
        `default_for_task: expected true in exactly one model of task ${kind}, got ${marked.length === 0 ? 'none' : String(marked.length)} of: ${names}`,
      ]);
    }
  }
  return defaults;
}

function groupByTask(entries: readonly ModelEntry[]): ReadonlyMap<TaskKind, readonly ModelEntry[]> {
  const groups = new Map<TaskKind, ModelEntry[]>();
  for (const entry of entries) groups.set(entry.spec.task, [...(groups.get(entry.spec.task) ?? []), entry]);
  return groups;
}

function notFound(what: string, names: readonly string[]): AerieError {
  const there = names.length === 0 ? 'There are none.' : `There are: ${names.join(', ')}.`;
  return new AerieError('MODEL_NOT_FOUND', `${what}. ${there}`);
}
