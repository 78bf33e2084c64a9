import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { say } from './steps.mjs';

/**
 * Runs `work` while no other process of this checkout does the same. The lock is a listening socket, which closes when
 * its process ends for any reason. A second process waits on a connection to it.
 */
export async function withLock(root, work) {
  const address = addressOf(root);
  for (let waited = false; ; waited = true) {
    const lock = await listen(address);
    if (lock !== null) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (!waited) say('Another process is setting up this checkout; waiting for it.');
    await untilReleased(address);
  }
}

/** A socket name outside the file system on Linux and Windows, which leaves nothing behind; a file on other systems. */
function addressOf(root) {
  const name = `aerie-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return path.join('.aerie', 'setup.sock');
}

function listen(address) {
  return new Promise((resolve, reject) => {
    const waiting = new Set();
    const server = net.createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {}).on('close', () => waiting.delete(socket));
    });
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(address, () => {
      resolve({
        release: () => {
          server.close();
          for (const socket of waiting) socket.destroy();
        },
      });
    });
  });
}

function untilReleased(address) {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.on('error', (error) => {
      // A socket file whose owner was killed: no process listens, and the file blocks the name.
      if (error.code === 'ECONNREFUSED' && !address.startsWith('\0')) rmSync(address, { force: true });
    });
    socket.on('data', () => {}).on('close', () => resolve());
  });
}
