import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isLocale } from '../../platform/common/locale.js';

/** What a directory of templates holds, read once: rendering never touches the disk. */
export interface TemplateDirectory {
  /** Source by path relative to the directory: `activation.hbs`, `de/activation.hbs`. */
  readonly sources: ReadonlyMap<string, string>;
  /** The subdirectories that are named after a locale. */
  readonly locales: readonly string[];
  /** Entries that are neither a template nor a locale, hidden ones aside. */
  readonly strangers: readonly string[];
}

/** A directory without any template: what an application has that shadows nothing. */
export const EMPTY_DIRECTORY: TemplateDirectory = { sources: new Map(), locales: [], strangers: [] };

/**
 * Reads a directory of templates: `*.hbs` at the top and one level down, in subdirectories named after a locale.
 *
 * @throws the error of the file system when the directory or a file in it cannot be read
 */
export function readTemplateDirectory(root: string): TemplateDirectory {
  const sources = new Map<string, string>();
  const locales: string[] = [];
  const strangers: string[] = [];
  const readLevel = (prefix: string) => {
    for (const name of visibleEntries(join(root, prefix))) {
      const path = prefix + name;
      // stat, not the directory entry: files mounted from a Kubernetes ConfigMap are symbolic links.
      const isDirectory = statSync(join(root, path)).isDirectory();
      if (!isDirectory && name.endsWith('.hbs')) {
        sources.set(path, readSource(join(root, path)));
      } else if (isDirectory && prefix === '' && isLocale(name)) {
        locales.push(name);
        readLevel(`${name}/`);
      } else {
        strangers.push(path);
      }
    }
  };
  readLevel('');
  return { sources, locales, strangers };
}

function visibleEntries(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

/** Browsers see LF where a file has CRLF, so the style hash of the Content-Security-Policy must be taken from LF. */
function readSource(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n');
}
