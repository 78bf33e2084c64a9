/** Writes models/manifest.schema.json from the schemas that manifests are checked with. Run after `npm run build`. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { BATCH_TASK_SECTIONS, manifestJsonSchema } from '@aerie/model-registry';

const path = fileURLToPath(new URL('../models/manifest.schema.json', import.meta.url));
await writeFile(path, `${JSON.stringify(manifestJsonSchema(BATCH_TASK_SECTIONS), null, 2)}\n`);
console.log(`wrote ${path}`);
