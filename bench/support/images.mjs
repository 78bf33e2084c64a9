import { fork } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { SAMPLES, WORK } from './paths.mjs';

/** Files by URL path. */
export const IMAGES = {
  '/cat.jpg': join(SAMPLES, 'cat.jpg'),
  '/640.jpg': join(SAMPLES, 'rocket.jpg'),
  '/12mp.jpg': join(WORK, '12mp.jpg'),
};

/** A photograph of 12 megapixels, upscaled from a sample because the repository has none. */
async function makeTwelveMegapixels() {
  const path = IMAGES['/12mp.jpg'];
  if (existsSync(path)) return;
  await sharp(IMAGES['/640.jpg'])
    .resize(4000, 3000, { fit: 'cover' })
    .jpeg({ quality: 90 })
    .toFile(`${path}.part`);
  renameSync(`${path}.part`, path);
}

/** @returns {Promise<{ host: string, url: (path: string) => string, stop: () => void }>} */
export async function startImageServer() {
  await makeTwelveMegapixels();
  const script = fileURLToPath(new URL('./image-server.mjs', import.meta.url));
  const child = fork(
    script,
    Object.entries(IMAGES).map(([path, file]) => `${path}=${file}`),
  );
  const port = await new Promise((resolve, reject) => {
    child.once('message', resolve).once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`The image server ended with ${code} before it listened.`));
    });
  });
  const host = `127.0.0.1:${port}`;
  return { host, url: (path) => `http://${host}${path}`, stop: () => child.disconnect() };
}
