import { type RepositoryScan, type ScanOptions, scanRepository } from './repository-scanner.js';
import { sharedScan } from './shared-scan.js';

/** What is searched, and where the result is shared. */
export interface FindModelsOptions extends ScanOptions {
  /** Shares the result with the other processes of the server. Default: each reads the repository. */
  readonly scanFile?: string | undefined;
}

/** The models of the repository and of the settings. @throws ModelRepositoryError as `scanRepository` does */
export async function findModels({ scanFile, ...options }: FindModelsOptions): Promise<RepositoryScan> {
  const scan = (): Promise<RepositoryScan> => scanRepository(options);
  const { specs, unusable } = await (scanFile === undefined
    ? scan()
    : sharedScan(scanFile, scan, options.logger));
  const others = (options.upstreams ?? []).filter(({ name }) => !specs.some((spec) => spec.name === name));
  return { specs: [...specs, ...others], unusable };
}
