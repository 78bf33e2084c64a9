import { createHash } from 'node:crypto';
import { lstatSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The kernel's limit on the path of a Unix socket is 104 (macOS) or 108 bytes (Linux). */
const LONGEST_PATH_BYTES = 90;

/**
 * The folder under a name that is short enough to hold sockets: itself, or a link to it in the system's temporary folder.
 * The socket lies in `directory` either way.
 */
export function socketDirectory(directory: string): string {
  if (Buffer.byteLength(directory) <= LONGEST_PATH_BYTES) return directory;
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  const link = join(tmpdir(), `aerie-${name}`);
  if (pointsTo(link, directory)) return link;
  try {
    symlinkSync(directory, link, 'dir');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (pointsTo(link, directory)) return link;
    unlinkSync(link);
    symlinkSync(directory, link, 'dir');
  }
  return link;
}

function pointsTo(link: string, directory: string): boolean {
  try {
    const status = lstatSync(link);
    // Another user's link could lead elsewhere a moment later.
    const isOwn = status.uid === (process.getuid?.() ?? status.uid);
    return isOwn && status.isSymbolicLink() && readlinkSync(link) === directory;
  } catch {
    return false;
  }
}
