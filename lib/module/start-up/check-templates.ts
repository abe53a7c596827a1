import { latePackages } from '../../platform/common/late-packages.js';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import type { StartUpProblem } from '../../platform/config/start-up-error.js';
import { LINK_PURPOSES, linkPurpose, MAIL_NAMES, type MailName, PURPOSES } from '../../platform/common/purposes.js';
import { valueAt } from '../../platform/config/settings.js';
import {
  MAIL_PARTIALS,
  MailRenderer,
  mailFiles,
  textFiles,
  type MailContext,
} from '../../engine/mail/mail-renderer.js';
import { PAGE_PARTIALS, PageRenderer } from '../../engine/pages/page-renderer.js';
import { PAGE_SAMPLES, PAGES } from '../../engine/pages/page-table.js';
import { nearestName } from '../../platform/common/nearest-name.js';
import {
  EMPTY_DIRECTORY,
  readTemplateDirectory,
  type TemplateDirectory,
} from '../../engine/templates/template-directory.js';

/** What the start-up check of the templates found. */
export interface TemplateCheck {
  /** Templates that would fail on the first mail or page. */
  problems: StartUpProblem[];
  /** What works, but hardly as meant: one sentence each, for the log. */
  warnings: string[];
}

/** A link no real mail has: a template that shows the link shows this. */
const SAMPLE_LINK = 'https://sample.example/sample?token=sample';

/**
 * Checks the application's templates at start: their file names, their syntax, and each mail and page rendered once on a
 * sample, in the default locale and in those of the application. The bundled ones have tests of their own: where there are
 * no others, nothing is rendered. Returns everything that is wrong and throws nothing.
 */
export function checkTemplates(config: AuthConfig): TemplateCheck {
  let own = EMPTY_DIRECTORY;
  try {
    if (config.mail.templateDir) own = readTemplateDirectory(config.mail.templateDir);
  } catch (error) {
    const fix = 'Name a directory this process may read, or leave it unset.';
    return {
      problems: [{ path: 'mail.templateDir', message: `cannot be read (${reason(error)})`, fix }],
      warnings: [],
    };
  }
  const warnings = unknownFiles(own, config);
  const problems = [...missingFiles(own, config), ...syntaxErrors(own, config)];
  // A layout that does not compile would be reported again by every mail that includes it.
  if (problems.length === 0 && own.sources.size > 0) {
    const locales = [...new Set([config.mail.defaultLocale, ...own.locales])];
    checkMails(config, locales, problems, warnings);
    checkPages(config, locales, problems);
  }
  return { problems, warnings };
}

/** Files that options name. A name with a directory in it is never found: templates are looked up by plain name. */
function missingFiles(own: TemplateDirectory, config: AuthConfig): StartUpProblem[] {
  const present = new Set(Array.from(own.sources.keys(), baseName));
  return LINK_PURPOSES.flatMap((mail) => {
    const option = linkPurpose(mail).template;
    return option ? [{ path: option.path, mail, file: valueAt(config, option.path) as string }] : [];
  })
    .filter(({ mail, file }) => file !== PURPOSES[mail].mail.template && !present.has(file))
    .map(({ path, mail }) => ({
      path,
      message: 'names no file in mail.templateDir that ends in .hbs',
      fix: `Add the file, correct the name, or leave it unset for ${PURPOSES[mail].mail.template}.`,
    }));
}

function unknownFiles(own: TemplateDirectory, config: AuthConfig): string[] {
  const known = knownFiles(config);
  const unknown = [...own.sources.keys()].filter((path) => !known.has(baseName(path)));
  return [...unknown, ...own.strangers].map((path) => {
    const nearest = nearestName(baseName(path), known);
    return `mail.templateDir: ${path} is no template of this module and is ignored. Did you mean ${nearest}?`;
  });
}

function knownFiles(config: AuthConfig): Set<string> {
  const known = new Set([...PAGES, ...MAIL_PARTIALS, ...PAGE_PARTIALS].map((name) => `${name}.hbs`));
  for (const mail of MAIL_NAMES) {
    for (const file of mailFiles(mail, config)) known.add(file);
    for (const file of textFiles(mail, config)) known.add(file);
  }
  return known;
}

function syntaxErrors(own: TemplateDirectory, config: AuthConfig): StartUpProblem[] {
  const known = knownFiles(config);
  const problems: StartUpProblem[] = [];
  for (const [path, source] of own.sources) {
    if (known.has(baseName(path))) attempt(path, problems, () => latePackages.handlebars().parse(source));
  }
  return problems;
}

function checkMails(
  config: AuthConfig,
  locales: readonly string[],
  problems: StartUpProblem[],
  warnings: string[],
): void {
  const renderer = new MailRenderer(config);
  for (const mail of MAIL_NAMES) {
    for (const locale of locales) {
      const file = `${mailFiles(mail, config)[0]} (${locale})`;
      attempt(file, problems, () => {
        const { subject, html, text } = renderer.render(mail, locale, sampleMail(mail));
        if (!subject) problems.push(problemOf(file, 'has no <title>, so the mail has no subject'));
        for (const [part, content] of Object.entries({ HTML: html, text })) {
          if (content.includes(SAMPLE_LINK)) continue;
          warnings.push(`mail.templateDir: ${file} does not show {{${PURPOSES[mail].mail.url}}} in its ${part} part.`);
        }
      });
    }
  }
}

function checkPages(config: AuthConfig, locales: readonly string[], problems: StartUpProblem[]): void {
  const renderer = new PageRenderer(config);
  for (const page of PAGES) {
    for (const locale of locales) {
      attempt(`${page}.hbs (${locale})`, problems, () => renderer.render(page, locale, PAGE_SAMPLES[page]));
    }
  }
}

function sampleMail(mail: MailName): MailContext {
  const user = { id: 'sample', email: 'sample@sample.example', name: 'Sample' };
  // The link of a mail is named by its definition; the compiler does not follow a computed key.
  return { user, expires_at: new Date(0), [PURPOSES[mail].mail.url]: SAMPLE_LINK } as unknown as MailContext;
}

function attempt(file: string, problems: StartUpProblem[], render: () => unknown): void {
  try {
    render();
  } catch (error) {
    problems.push(problemOf(file, `cannot be rendered: ${reason(error)}`));
  }
}

function problemOf(file: string, what: string): StartUpProblem {
  const fix = 'Mend the file, or remove it to get the bundled one.';
  return { path: 'mail.templateDir', message: `${file} ${what}`, fix };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Handlebars shows the faulty place over several lines; a problem is one line, without a full stop. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ').replace(/\.$/, '');
}
