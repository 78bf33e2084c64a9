import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Options = Parameters<NodeFS['init']>[1];
type Prepared = ReturnType<NodeFS['init']>;

/** Files of PGlite through Emscripten, as far as their attributes are set. */
interface NodeFiles {
  readonly node_ops: {
    setattr: (node: unknown, attributes: { readonly mode?: number }) => void;
  };
}

/** Permissions of everybody but the owner. */
const OTHERS = 0o077;

/**
 * Files that only their owner may read and write. PGlite sets the permissions of each file that it makes, up to 0666,
 * whatever the process's umask.
 */
export class PrivateFiles extends NodeFS {
  override async init(database: PGlite, options: Options): Prepared {
    const prepared = await super.init(database, options);
    prepared.emscriptenOpts.preRun?.unshift(({ NODEFS }: { readonly NODEFS: NodeFiles }) => {
      const { setattr } = NODEFS.node_ops;
      NODEFS.node_ops.setattr = (node, attributes) => {
        const { mode } = attributes;
        setattr(node, mode === undefined ? attributes : { ...attributes, mode: mode & ~OTHERS });
      };
    });
    return prepared;
  }
}
