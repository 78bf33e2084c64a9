import { ConfigurationError } from '../configuration.error.js';
import { loadSettings } from '../load-settings.js';
import type { Settings } from '../settings.js';
import { EXIT_CONFIGURATION } from './end-start.js';

/** The settings of this process. If they cannot be used, the process writes the reason to standard error and ends. */
export function settingsOrExit(): Settings {
  try {
    return loadSettings();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}
