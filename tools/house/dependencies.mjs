import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';

/** Packages that another package loads, so that no import names them. */
const LOADED_BY_OTHERS = new Map([
  ['class-transformer', 'ValidationPipe of @nestjs/common'],
  ['class-validator', 'ValidationPipe of @nestjs/common'],
  ['express', '@nestjs/platform-express'],
  ['pg', "BullMQ's PostgreSQL backend"],
  ['rxjs', '@nestjs/core'],
  ['multer', '@nestjs/platform-express'],
]);

/** Packages with types that another package depends on. */
const TYPES_OF_OTHERS = new Set(['express-serve-static-core']);

/** Folders of programs outside the workspaces. The root declares their imports. */
const ROOT_PROGRAMS = ['bench', 'scripts', 'tools', 'test'];

/** A workspace package's package.json must declare exactly its imports, at the root's versions. */
export function dependencies(repository) {
  return [
    ...repository.workspaces.flatMap((workspace) => checkWorkspace(repository, workspace)),
    ...checkRoot(repository),
  ];
}

function checkWorkspace({ manifest: root }, workspace) {
  // Sources that specs of several packages share have no package of their own.
  if (workspace.manifest === null) return [];
  const file = `${workspace.folder}/package.json`;
  const { name: own, dependencies: declared = {}, devDependencies: forTests = {} } = workspace.manifest;
  const findings = [];
  const used = new Set();
  const usedByTests = new Set();
  for (const source of workspace.sources) {
    for (const { specifier, line } of source.imports) {
      const name = packageOf(specifier);
      if (name === null || name === own || TYPES_OF_OTHERS.has(name)) continue;
      if (source.isProduct) {
        used.add(name);
        if (declared[name] === undefined)
          findings.push({ file: source.file, line, message: `${name} is not declared in ${file}` });
      } else {
        usedByTests.add(name);
        const known = [declared, forTests, root.dependencies, root.devDependencies].some(
          (list) => list[name] !== undefined,
        );
        if (!known && name !== '@aerie/test-support')
          findings.push({
            file: source.file,
            line,
            message: `${name} is not declared in ${file}, nor in the root's`,
          });
      }
    }
  }
  for (const [name, range] of Object.entries({ ...declared, ...forTests })) {
    const inTests = forTests[name] !== undefined && usedByTests.has(name);
    if (!used.has(name) && !inTests && !LOADED_BY_OTHERS.has(name))
      findings.push({ file, line: 1, message: `${name} is declared but no source imports it` });
    const wanted = name.startsWith('@aerie/') ? '*' : (root.dependencies[name] ?? root.devDependencies[name]);
    if (range !== wanted)
      findings.push({
        file,
        line: 1,
        message: `${name} is declared as ${range}, the root has ${wanted ?? 'none'}`,
      });
  }
  return dedupe(findings);
}

/** A root dependency that nothing imports. */
function checkRoot({ root, manifest, sources }) {
  const used = new Set(
    sources.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier))),
  );
  for (const folder of ROOT_PROGRAMS) {
    for (const name of existsSync(path.join(root, folder))
      ? readdirSync(path.join(root, folder), { recursive: true })
      : []) {
      if (!/\.(m?[jt]s)$/.test(name)) continue;
      const text = readFileSync(path.join(root, folder, name), 'utf8');
      for (const [, specifier] of text.matchAll(/(?:from|import\(?|resolve\()\s*['"]([^'"]+)['"]/g))
        used.add(packageOf(specifier));
    }
  }
  return Object.keys(manifest.dependencies)
    .filter((name) => !used.has(name) && !LOADED_BY_OTHERS.has(name))
    .map((name) => ({
      file: 'package.json',
      line: 1,
      message: `${name} is declared but nothing imports it`,
    }));
}

/** The package behind a specifier; null for Node's own and for files. */
function packageOf(specifier) {
  if (specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('node:')) return null;
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  return builtinModules.includes(name) ? null : name;
}

/** Keeps one finding for each package and file. */
function dedupe(findings) {
  const seen = new Set();
  return findings.filter(({ message }) => !seen.has(message) && seen.add(message));
}
