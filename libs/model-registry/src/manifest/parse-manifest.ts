import type { z } from 'zod';
import { ModelRepositoryError } from '../model-repository.error.js';
import { parseVersion } from './version-number.js';
import { describeIssues } from './issues.js';
import {
  type Manifest,
  MANIFEST_FIELDS,
  manifestSchema,
  VERSION_FIELDS,
  versionManifestSchema,
} from './manifest.schema.js';
import { formFor } from './section-schemas.js';

/** Schemas of the tasks' sections, by task. A task without one has no section. */
export type TaskSections = Readonly<Partial<Record<Manifest['task'], z.ZodType>>>;

type Fields = Readonly<Record<string, unknown>>;

/** A manifest, validated but not yet checked against the files of its model. */
export interface ParsedManifest extends Omit<Manifest, 'versions'> {
  /** By version number, without `v`. */
  readonly versions: ReadonlyMap<string, ParsedVersion>;
  /** Options of the task for versions that set none of their own. */
  readonly options: unknown;
}

/** The fields of one version in a manifest. */
export interface ParsedVersion extends z.infer<typeof versionManifestSchema> {
  /** Options of the task: those of the model, overridden by the version's own fields. */
  readonly options: unknown;
}

/**
 * @param value the content of a manifest, or the fields that a folder without one implies.
 * @throws ModelRepositoryError naming `file` and each field.
 */
export function parseManifest(value: unknown, file: string, sections: TaskSections): ParsedManifest {
  const problems: string[] = [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ModelRepositoryError(file, ['expected a JSON object']);
  }
  const [own, section] = split(value as Fields, MANIFEST_FIELDS);
  const parsed = manifestSchema.safeParse(own);
  if (!parsed.success) {
    // Without a known task, the other valid fields are unknown.
    throw new ModelRepositoryError(file, describeIssues(parsed.error.issues, own));
  }
  const readSection = (fields: Fields, prefix: readonly string[]): unknown => {
    const schema = sections[parsed.data.task];
    if (schema === undefined) {
      problems.push(...Object.keys(fields).map((key) => unknownField([...prefix, key], parsed.data.task)));
      return undefined;
    }
    const result = formFor(schema, fields).safeParse(fields);
    if (!result.success) problems.push(...describeIssues(result.error.issues, fields, prefix));
    return result.data;
  };
  const options = readSection(section, []);
  const versions = new Map<string, ParsedVersion>();
  for (const [spelling, entry] of Object.entries(parsed.data.versions)) {
    const version = parseVersion(spelling) ?? spelling;
    const [fields, override] = split(entry, VERSION_FIELDS);
    if (versions.has(version)) problems.push(`versions.${spelling}: version ${version} is given twice`);
    const overridden =
      Object.keys(override).length === 0
        ? options
        : readSection(overlay(section, override), ['versions', spelling]);
    versions.set(version, { ...versionManifestSchema.parse(fields), options: overridden });
  }
  if (problems.length > 0) throw new ModelRepositoryError(file, problems);
  return { ...parsed.data, versions, options };
}

function unknownField(path: readonly string[], task: string): string {
  return `${path.join('.')}: is not a field of a manifest with task "${task}"`;
}

function split(fields: Fields, known: ReadonlySet<string>): readonly [own: Fields, rest: Fields] {
  const entries = Object.entries(fields);
  return [
    Object.fromEntries(entries.filter(([key]) => known.has(key))),
    Object.fromEntries(entries.filter(([key]) => !known.has(key))),
  ];
}

/** The fields of `over` replace those of `base`; inside a section, field by field. */
function overlay(base: Fields, over: Fields): Fields {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    merged[key] = isFields(value) && isFields(below) ? { ...below, ...value } : value;
  }
  return merged;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
