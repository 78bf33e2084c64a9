import { z } from 'zod';
import type { TaskSections } from './parse-manifest.js';
import { manifestSchema, versionManifestSchema } from './manifest.schema.js';
import { formsOf } from './section-schemas.js';

type JsonSchema = Readonly<Record<string, unknown>>;
type Properties = Readonly<Record<string, JsonSchema>>;

/** The JSON Schema of `model.json`: the fields of every manifest, and per task those of its section. */
export function manifestJsonSchema(sections: TaskSections): JsonSchema {
  const base = propertiesOf(manifestSchema) as Record<keyof typeof manifestSchema.shape, JsonSchema>;
  const version = propertiesOf(versionManifestSchema);
  const byTask = Object.entries(sections).map(([task, schema]) => ({
    task,
    fields: propertiesOf(schema),
  }));
  const ofTasks: Properties = Object.assign({}, ...byTask.map(({ fields }) => fields)) as Properties;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Aerie model manifest',
    description:
      'models/<name>/model.json: describes a model and how it is served. Every field has a default.',
    type: 'object',
    properties: {
      ...base,
      ...ofTasks,
      versions: {
        ...base.versions,
        additionalProperties: {
          type: 'object',
          properties: { ...version, ...ofTasks },
          additionalProperties: false,
        },
      },
    },
    additionalProperties: false,
    // Fields of a task's section are refused in manifests of other tasks.
    allOf: manifestSchema.shape.task.unwrap().options.map((task) => {
      const known = byTask.find((entry) => entry.task === task)?.fields ?? {};
      const foreign = Object.keys(ofTasks).filter((field) => !(field in known));
      const refused = Object.fromEntries(foreign.map((field) => [field, false]));
      return {
        if: { properties: { task: { const: task } }, required: ['task'] },
        then: { properties: { ...refused, versions: { additionalProperties: { properties: refused } } } },
      };
    }),
  };
}

function propertiesOf(schema: z.ZodType): Properties {
  const forms = formsOf(schema).map((form) => z.toJSONSchema(form, { io: 'input' }).properties ?? {});
  return Object.assign({}, ...forms) as Properties;
}
