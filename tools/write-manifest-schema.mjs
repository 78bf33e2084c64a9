/** Writes models/manifest.schema.json from the schemas that check manifests. Run it after `npm run build`. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { manifestJsonSchema, TASK_SECTIONS } from '@aerie/model-registry';

const path = fileURLToPath(new URL('../models/manifest.schema.json', import.meta.url));
await writeFile(path, `${JSON.stringify(manifestJsonSchema(TASK_SECTIONS), null, 2)}\n`);
console.log(`wrote ${path}`);
