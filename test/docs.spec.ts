import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AUTH_ERRORS } from 'nestjs-gatehouse';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../lib/platform/config/settings.js';
import type { Endpoint } from '../lib/platform/http/endpoint.js';
import { ENDPOINTS } from '../lib/module/flows.js';
import { filesIn, ROOT, run } from './support/package-files.js';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const pages = filesIn('docs').filter((file) => file.endsWith('.md'));
const documents = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'sample-app/README.md',
  ...pages.map((page) => `docs/${page}`),
];

/** Pages that are about the package as a whole, how it is run, or what calls it. */
const ABOUT_THE_WHOLE = new Set([
  'README.md',
  'architecture.md',
  'asvs.md',
  'attacks.md',
  'calling-from-javascript.md',
  'calling-from-python.md',
  'configuration.md',
  'dependencies.md',
  'errors.md',
  'incidents.md',
  'mail-catchers.md',
  'mail.md',
  'modes.md',
  'monitoring.md',
  'performance.md',
  'production-checklist.md',
  'reliability.md',
  'roadmap.md',
  'routes.md',
  'security.md',
  'templates.md',
  'troubleshooting.md',
]);

describe('the generated documents', () => {
  it('are what the built package generates', async () => {
    const { stdout, stderr } = await run(process.execPath, ['scripts/generate-docs.mjs', '--check']);
    expect(stdout + stderr).toBe('');
  });

  it('have every variable in .env.example, with only the secret that must be set uncommented', () => {
    const example = read('.env.example');
    const variables = SETTINGS.flatMap(({ env }) => (env ? [env] : []));
    const assigned = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(assigned.toSorted()).toEqual(variables.toSorted());
    expect([...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)).toEqual(['JWT_SECRET']);
  });

  it('have every option and variable on the configuration page', () => {
    const page = read('docs/configuration.md');
    const names = SETTINGS.flatMap(({ path, env }) => (env ? [path, env] : [path]));
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('have every route with every code it can answer', () => {
    const sections = read('docs/routes.md').split(/^## /m);
    for (const { method, path, errors } of Object.values<Endpoint>(ENDPOINTS)) {
      const section = sections.find((text) => text.startsWith(`${method} ${path}\n`)) ?? '';
      expect([path, errors.filter((code) => !section.includes(`\`${code}\``))]).toEqual([path, []]);
    }
  });

  it('have every code on the errors page', () => {
    const page = read('docs/errors.md');
    expect(Object.keys(AUTH_ERRORS).filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});

describe.each(documents)('%s', (file) => {
  it('links to nothing that is not there', () => {
    const broken = linksOf(read(file)).filter((link) => !resolves(file, link));
    expect(broken).toEqual([]);
  });

  it('quotes files word for word', () => {
    const altered = quotesOf(read(file)).filter((quote) => !isVerbatim(quote));
    expect(altered).toEqual([]);
  });
});

/** The pages that tell what a part of the module does: each shows code that runs. */
const PARTS = pages.filter((page) => !ABOUT_THE_WHOLE.has(page));

it.each(PARTS)('docs/%s shows code of the sample application, or of a test where it has no face there', (page) => {
  expect(quotesOf(read(`docs/${page}`))).not.toEqual([]);
});

it('finds a quote that is not what the file says', () => {
  const marker = '<!-- from sample-app/user.entity.ts -->\n\n';
  const quotes = quotesOf(
    `${marker}\`\`\`ts\nname!: string | null;\n\`\`\`\n\n${marker}\`\`\`ts\nname?: string;\n\`\`\`\n`,
  );
  expect(quotes.map(isVerbatim)).toEqual([true, false]);
});

it('finds a link that leads nowhere', () => {
  const links = linksOf(
    '[a](README.md) ![b](no.png "title") [c](https://example.com) `[d](e.md)` [f](README.md#no-such-heading)',
  );
  expect(links).toEqual(['README.md', 'no.png', 'README.md#no-such-heading']);
  expect(links.filter((link) => !resolves('README.md', link))).toEqual(['no.png', 'README.md#no-such-heading']);
});

/** A fenced block of a page, and the file it is an excerpt of. */
interface Quote {
  file: string;
  code: string;
}

/** The blocks that a comment `<!-- from FILE -->` precedes. */
function quotesOf(markdown: string): Quote[] {
  const blocks = markdown.matchAll(/^<!-- from (\S+) -->\s+```\w+\n([^]*?)^```/gm);
  return [...blocks].map(([, file, code]) => ({ file: file!, code: code! }));
}

/** Spaces aside: an excerpt is not indented, and Prettier wraps it for its own width. */
function isVerbatim({ file, code }: Quote): boolean {
  return words(code) !== '' && words(read(file)).includes(words(code));
}

function words(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The relative links of a page, pictures included, code left out. */
function linksOf(markdown: string): string[] {
  const text = markdown.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)[^)]*\)|<(?:img|a)\s[^>]*(?:src|href)="([^"]+)"/g)];
  return links.map(([, link, attribute]) => (link ?? attribute)!).filter((link) => !/^[a-z]+:/.test(link));
}

function resolves(from: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string | undefined];
  const target = path === '' ? from : join(dirname(from), decodeURIComponent(path));
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || !target.endsWith('.md') || anchorsOf(read(target)).includes(anchor);
}

/** The anchors GitHub gives to the headings of a page. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.replace(/^```[^]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!);
  return headings.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
