import { readFileSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

import { at, productOf, walk } from './sources.mjs';

const RUNTIME = 'libs/runtime/';
const TIMERS = new Set(['setTimeout', 'setInterval']);
const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** Timers, clocks and the longest timer delay, used outside libs/runtime. */
export function secondClocks(repository) {
  return outside(repository, RUNTIME).flatMap((source) => {
    const findings = [];
    for (const { specifier, line } of source.imports)
      if (/^(node:)?timers/.test(specifier)) findings.push({ file: source.file, line, message: specifier });
    walk(source, (node) => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && TIMERS.has(node.expression.text))
        findings.push(at(source, node, node.expression.text));
      else if (isInt32Max(node, source))
        findings.push(at(source, node, '2 ** 31 - 1, which is MAX_TIMER_MS'));
      else if (hasMembers(node, (names) => names.has('now') && (names.has('schedule') || names.has('defer'))))
        findings.push(at(source, node, 'a clock of its own'));
    });
    return findings;
  });
}

/** Interfaces that repeat the logger port. */
export function secondLoggers(repository) {
  return outside(repository, RUNTIME).flatMap((source) => {
    const findings = [];
    walk(source, (node) => {
      if (!ts.isInterfaceDeclaration(node) && !ts.isTypeLiteralNode(node)) return;
      const methods = new Set(
        node.members
          .filter((member) => ts.isMethodSignature(member) || functionProperty(member))
          .map(memberName),
      );
      if ([...methods].filter((name) => LEVELS.has(name)).length > 1)
        findings.push(at(source, node, `${node.name?.text ?? 'a type'} has the methods of Logger`));
    });
    return findings;
  });
}

const PREFIX = /^\/(api|v\d)(\/|$)/i;
const COMPARISONS = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

/** Behavior that depends on the beginning of a path, although a controller could declare it. */
export function prefixSwitches(repository) {
  return productOf(repository).flatMap((source) => {
    const findings = [];
    const report = (node) => findings.push(at(source, node, node.getText(source.tree).slice(0, 80)));
    walk(source, (node) => {
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const [first] = node.arguments;
        if (!/^(startsWith|endsWith|includes|indexOf|match)$/.test(node.expression.name.text)) return;
        if (first !== undefined && ts.isStringLiteralLike(first) && PREFIX.test(first.text)) report(node);
      } else if (ts.isBinaryExpression(node) && COMPARISONS.has(node.operatorToken.kind)) {
        if ([node.left, node.right].some((side) => ts.isStringLiteralLike(side) && PREFIX.test(side.text)))
          report(node);
      } else if (ts.isCaseClause(node) && ts.isStringLiteralLike(node.expression)) {
        if (PREFIX.test(node.expression.text)) report(node.expression);
      } else if (ts.isRegularExpressionLiteral(node) && /^\/\^?\(?\\\/\(?(api|v\d|v\\d)/i.test(node.text))
        report(node);
    });
    return findings;
  });
}

const NOT_VALID = 'The request is not valid: ';

/** Validation errors that do not use the one constructor. */
export function validationErrors(repository) {
  const places = productOf(repository).flatMap((source) => {
    const found = [];
    walk(source, (node) => {
      const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node);
      // The example in the API documentation ends with dots.
      if (isText && node.text.startsWith(NOT_VALID) && !node.text.endsWith('...'))
        found.push(at(source, node, `"${NOT_VALID}..."`));
    });
    return found;
  });
  return places.length > 1 ? places : [];
}

/** Defaults of settings outside libs/config, which may differ from those some day. */
export function settingDefaults(repository) {
  const defaults = readDefaults(repository.root);
  const isDefault = (name, node) => {
    const value = numberOf(node);
    return value !== null && value > 1 && defaults.get(plain(name)) === value;
  };
  return outside(repository, 'libs/config/').flatMap((source) => {
    const findings = [];
    const report = (node, name) =>
      findings.push(at(source, node, `${name}: ${node.getText(source.tree).slice(0, 60)}`));
    walk(source, (node) => {
      if (
        ts.isBindingElement(node) ||
        ts.isVariableDeclaration(node) ||
        ts.isPropertyDeclaration(node) ||
        ts.isParameter(node)
      ) {
        const name = node.name.getText(source.tree);
        if (isDefault(name, node.initializer)) report(node, name);
      } else if (ts.isPropertyAssignment(node)) {
        const name = node.name.getText(source.tree);
        if (isDefault(name, node.initializer)) report(node, name);
      } else if (
        ts.isBinaryExpression(node) &&
        node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken
      ) {
        const name = /[\w#]+$/.exec(node.left.getText(source.tree))?.[0] ?? '';
        if (isDefault(name, node.right)) report(node, name);
      }
    });
    return findings;
  });
}

/** Defaults by the names of the variables and of the settings, in milliseconds, bytes or unchanged. */
function readDefaults(root) {
  const schema = readFileSync(path.join(root, 'libs/config/src/environment.schema.ts'), 'utf8');
  const loader = readFileSync(path.join(root, 'libs/config/src/load-settings.ts'), 'utf8');
  const defaults = new Map();
  const declared = /^ {2}([A-Z_]+): (integer|seconds|bytes)\(['"]?([\d._]+)(MB|kB|KiB)?/gm;
  for (const [, name, kind, value, unit] of schema.matchAll(declared)) {
    const factor = kind === 'seconds' ? 1_000 : (UNITS[unit] ?? 1);
    defaults.set(plain(name), Number(value.replaceAll('_', '')) * factor);
  }
  for (const [, name, variable] of loader.matchAll(/(\w+): env\.([A-Z_]+)/g))
    if (!defaults.has(plain(name))) defaults.set(plain(name), defaults.get(plain(variable)));
  return defaults;
}

const UNITS = { MB: 1e6, kB: 1e3, KiB: 1024 };

const plain = (name) => name.replaceAll(/[_#]/g, '').toLowerCase();

/** The value of a number or of a product of numbers; null for anything else. */
function numberOf(node) {
  if (node === undefined) return null;
  if (ts.isNumericLiteral(node)) return Number(node.text.replaceAll('_', ''));
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.AsteriskToken) return null;
  const [left, right] = [numberOf(node.left), numberOf(node.right)];
  return left === null || right === null ? null : left * right;
}

const outside = (repository, folder) =>
  productOf(repository).filter(({ file, isGenerated }) => !file.startsWith(folder) && !isGenerated);

function isInt32Max(node, source) {
  const isMax = ts.isNumericLiteral(node)
    ? node.text === '2147483647'
    : ts.isBinaryExpression(node) && /^2 ?\*\* ?31 - 1$/.test(node.getText(source.tree));
  // The largest 32-bit id is the same number but not a delay.
  const isId = ts.isVariableDeclaration(node.parent ?? node) && /_ID$/.test(memberName(node.parent));
  return isMax && !isId;
}

function hasMembers(node, test) {
  if (
    !ts.isInterfaceDeclaration(node) &&
    !ts.isClassDeclaration(node) &&
    !ts.isObjectLiteralExpression(node) &&
    !ts.isTypeLiteralNode(node)
  )
    return false;
  return test(new Set((node.members ?? node.properties).map(memberName)));
}

const memberName = (member) => (member.name === undefined ? '' : member.name.getText());

const functionProperty = (member) =>
  ts.isPropertySignature(member) && member.type !== undefined && ts.isFunctionTypeNode(member.type);
