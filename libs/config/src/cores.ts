import { availableCores } from '@aerie/runtime';
import type { Settings } from './settings.js';

/** CPU cores that this process may use: those of the server, shared with its siblings. */
export function coresOf({ http }: Pick<Settings, 'http'>): number {
  return Math.max(1, Math.floor(availableCores() / http.workers));
}
