import Handlebars from 'handlebars';
import { lookUpLocale } from './locale.js';
import { EMPTY_DIRECTORY, readTemplateDirectory, type TemplateDirectory } from './template-directory.js';

/** The language of the bundled templates, and the last resort of every look-up. */
export const BUNDLED_LOCALE = 'en';

/** Where the templates of a {@link TemplateStore} come from. */
export interface TemplateStoreOptions {
  /** Directory of the bundled templates: one subdirectory per locale. */
  bundledDir: string;
  /** The application's directory, whose files shadow the bundled ones one by one. */
  templateDir?: string;
  /** Language of an application's templates that lie outside a locale's directory. */
  defaultLocale: string;
  /** Names of the templates that others may include, without `.hbs`. */
  partials: readonly string[];
}

/** What a template may print: plain values only. */
export type TemplateContext = Readonly<Record<string, unknown>>;

/** A template that was found; its key tells an application's file from a bundled one of the same path. */
interface FoundTemplate {
  key: string;
  path: string;
  source: string;
}

type Template = HandlebarsTemplateDelegate<TemplateContext>;

/**
 * Templates, looked up file by file: `<templateDir>/<locale>/<file>`, `<templateDir>/<file>`, bundled `<locale>/<file>`,
 * bundled `en/<file>`. Everything is read at construction and compiled once; rendering is synchronous and touches no disk.
 *
 * `.txt.hbs` files render as plain text, all others escape for HTML. Properties of prototypes are out of reach.
 */
export class TemplateStore {
  /** The locales that have templates of their own. */
  readonly locales: readonly string[];
  /** The locale of whoever asks for none of {@link locales}. */
  readonly defaultLocale: string;

  // An instance of our own: helpers and partials an application registers globally cannot reach our pages, nor ours theirs.
  private readonly handlebars = Handlebars.create();
  private readonly bundled: TemplateDirectory;
  private readonly own: TemplateDirectory;
  private readonly compiled = new Map<string, Template>();
  private readonly partials = new Map<string, Record<string, Template>>();

  /** @throws the error of the file system when `templateDir` cannot be read */
  constructor(private readonly options: TemplateStoreOptions) {
    this.bundled = readTemplateDirectory(options.bundledDir);
    this.own = options.templateDir ? readTemplateDirectory(options.templateDir) : EMPTY_DIRECTORY;
    const flatLocale = this.own.sources.size > 0 ? [options.defaultLocale] : [];
    this.locales = [...new Set([...this.bundled.locales, ...this.own.locales, ...flatLocale])];
    this.defaultLocale = lookUpLocale(options.defaultLocale, this.locales) ?? BUNDLED_LOCALE;
    this.handlebars.registerHelper('log', () => {
      // It would write whatever a template hands it, links included, to the console.
      throw new Error('The log helper is switched off');
    });
    this.handlebars.registerHelper('eq', (left: unknown, right: unknown) => left === right);
  }

  /** One of {@link locales}, whatever was asked for; so that no request can name a path or fill the cache. */
  resolveLocale(requested: string): string {
    return lookUpLocale(requested, this.locales) ?? this.defaultLocale;
  }

  /**
   * Renders the first of `files` that exists.
   *
   * @throws when none exists, does not compile, or uses an unknown helper or partial
   */
  render(files: readonly string[], locale: string, context: TemplateContext): string {
    const resolved = this.resolveLocale(locale);
    const found = this.lookUp(files, resolved);
    if (!found) throw new Error(`No template named ${files.join(' or ')}.`);
    const template = this.compile(found);
    return isText(found) ? template(context) : template(context, { partials: this.partialsOf(resolved) });
  }

  private lookUp(files: readonly string[], locale: string): FoundTemplate | undefined {
    for (const file of files) {
      const found =
        read('own', this.own, `${locale}/${file}`) ??
        read('own', this.own, file) ??
        read('bundled', this.bundled, `${locale}/${file}`) ??
        read('bundled', this.bundled, `${BUNDLED_LOCALE}/${file}`);
      if (found) return found;
    }
    return undefined;
  }

  private compile(found: FoundTemplate): Template {
    let template = this.compiled.get(found.key);
    if (!template) {
      template = this.handlebars.compile<TemplateContext>(found.source, { noEscape: isText(found) });
      this.compiled.set(found.key, template);
    }
    return template;
  }

  private partialsOf(locale: string): Record<string, Template> {
    let partials = this.partials.get(locale);
    if (!partials) {
      const entries = this.options.partials.flatMap((name) => {
        const found = this.lookUp([`${name}.hbs`], locale);
        return found ? [[name, this.compile(found)] as const] : [];
      });
      partials = Object.fromEntries(entries);
      this.partials.set(locale, partials);
    }
    return partials;
  }
}

function read(origin: string, directory: TemplateDirectory, path: string): FoundTemplate | undefined {
  const source = directory.sources.get(path);
  return source === undefined ? undefined : { key: `${origin}:${path}`, path, source };
}

function isText({ path }: FoundTemplate): boolean {
  return path.endsWith('.txt.hbs');
}
