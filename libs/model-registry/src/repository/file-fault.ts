import { open } from 'node:fs/promises';

const HEAD_BYTES = 256;

/**
 * Why a file is not what its name says, by its first bytes: what is left of a download that went wrong.
 *
 * @returns words that follow the file's name; null when nothing is known to be wrong
 */
export async function fileFault(path: string): Promise<string | null> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    if (bytesRead === 0) return 'is empty';
    const head = buffer
      .toString('latin1', 0, bytesRead)
      .replace(/^\u00ef\u00bb\u00bf/, '')
      .trimStart();
    if (head.startsWith('version https://git-lfs.github.com/spec/')) {
      return 'is a Git LFS pointer, not the file itself: run "git lfs pull", or download the file';
    }
    if (/^<(?:!doctype|html|head|body|\?xml|!--)/i.test(head)) {
      return 'is a web page or an XML document: the download went wrong';
    }
    return null;
  } finally {
    await file.close();
  }
}
