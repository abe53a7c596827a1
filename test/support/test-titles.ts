import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const STARTERS = new Set(['describe', 'it', 'test']);
const SUFFIX = /\.(?:e2e-)?spec\.ts$/;

/**
 * The titles of every test and of every group of tests, read from the sources and not by running them.
 * @param folder the folder `test`
 * @returns by the short name of the file, such as `login` or `unit/email`
 */
export function testTitles(folder: string): Map<string, string[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => SUFFIX.test(file));
  return new Map(
    files.map((file) => [file.replace(SUFFIX, '').replaceAll('\\', '/'), titlesOf(join(folder, file))] as const),
  );
}

function titlesOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    const title = ts.isCallExpression(node) ? titleOf(node) : undefined;
    if (title !== undefined) titles.push(title);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

/** The first argument of `it('…')`, `describe.each(rows)('…')` and the like, where it is a literal. */
function titleOf({ expression, arguments: [first] }: ts.CallExpression): string | undefined {
  if (first === undefined || !ts.isStringLiteralLike(first)) return undefined;
  return STARTERS.has(nameBehind(expression)) ? first.text : undefined;
}

/** `it` of `it`, `it.skipIf(x)` and `it.concurrent.each(rows)`. */
function nameBehind(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression)) {
    return nameBehind(expression.expression);
  }
  return '';
}
