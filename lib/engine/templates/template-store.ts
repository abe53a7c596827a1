import type Handlebars from 'handlebars';
import { latePackages } from '../../platform/common/late-packages.js';
import { lookUpLocale } from '../texts/locale.js';
import { EMPTY_DIRECTORY, readTemplateDirectory, type TemplateDirectory } from './template-directory.js';
import { FALLBACK_LANGUAGE, isTextKey, LANGUAGES, translate, wrapText } from '../texts/translate.js';

/** Where the templates of a {@link TemplateStore} come from. */
export interface TemplateStoreOptions {
  /** Directory of the bundled templates, whose texts are in the catalogue. */
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

/** A template that was found. */
interface FoundTemplate {
  origin: 'own, of the locale' | 'own, for all' | 'bundled';
  path: string;
  source: string;
}

type Template = HandlebarsTemplateDelegate<TemplateContext>;

/**
 * Templates, looked up file by file: `<templateDir>/<locale>/<file>`, `<templateDir>/<file>`, bundled. Everything is read
 * at construction and compiled once; rendering is synchronous and touches no disk.
 *
 * A template prints a text of the catalogue by `{{t "activation.title"}}`, in the language `lang` of its context.
 * `.txt.hbs` files render as plain text, all others escape for HTML. Properties of prototypes are out of reach.
 */
export class TemplateStore {
  /** The locales there are: those of the catalogue, and those an application has templates for. */
  readonly locales: readonly string[];
  /** The locale of whoever asks for none of {@link locales}. */
  readonly defaultLocale: string;

  private engine?: typeof Handlebars;
  private readonly bundled: TemplateDirectory;
  private readonly own: TemplateDirectory;
  private readonly compiled = new Map<string, Template>();
  private readonly partials = new Map<string, Record<string, Template>>();

  /** @throws the error of the file system when `templateDir` cannot be read */
  constructor(private readonly options: TemplateStoreOptions) {
    this.bundled = readTemplateDirectory(options.bundledDir);
    this.own = options.templateDir ? readTemplateDirectory(options.templateDir) : EMPTY_DIRECTORY;
    const flatLocale = this.own.sources.size > 0 ? [options.defaultLocale] : [];
    this.locales = [...new Set([...Object.keys(LANGUAGES), ...this.own.locales, ...flatLocale])];
    this.defaultLocale = lookUpLocale(options.defaultLocale, this.locales) ?? FALLBACK_LANGUAGE;
  }

  /** One of {@link locales}, whatever was asked for; so that no request can name a path or fill the cache. */
  resolveLocale(requested: string): string {
    return lookUpLocale(requested, this.locales) ?? this.defaultLocale;
  }

  /**
   * The language the first of `files` comes out in: the locale's, or the default one where an application has a file for
   * all; a bundled template has the languages of the catalogue.
   */
  languageOf(files: readonly string[], locale: string): string {
    const resolved = this.resolveLocale(locale);
    const origin = this.lookUp(files, resolved)?.origin;
    if (origin === 'own, of the locale') return resolved;
    if (origin === 'own, for all') return this.options.defaultLocale;
    const languages = Object.keys(LANGUAGES);
    return lookUpLocale(resolved, languages) ?? lookUpLocale(this.defaultLocale, languages) ?? FALLBACK_LANGUAGE;
  }

  /**
   * Renders the first of `files` that exists.
   *
   * @throws when none exists, does not compile, or uses an unknown helper, partial or text
   */
  render(files: readonly string[], locale: string, context: TemplateContext): string {
    const resolved = this.resolveLocale(locale);
    const found = this.lookUp(files, resolved);
    if (!found) throw new Error(`No template named ${files.join(' or ')}.`);
    const template = this.compile(found);
    const data = { isText: isText(found) };
    return template(context, data.isText ? { data } : { data, partials: this.partialsOf(resolved) });
  }

  /** Made for the first template that is rendered: no start needs it where all templates are the bundled ones. */
  private get handlebars(): typeof Handlebars {
    return (this.engine ??= createEngine());
  }

  private lookUp(files: readonly string[], locale: string): FoundTemplate | undefined {
    for (const file of files) {
      const found =
        read('own, of the locale', this.own, `${locale}/${file}`) ??
        read('own, for all', this.own, file) ??
        read('bundled', this.bundled, file);
      if (found) return found;
    }
    return undefined;
  }

  private compile(found: FoundTemplate): Template {
    const key = `${found.origin}: ${found.path}`;
    let template = this.compiled.get(key);
    if (!template) {
      template = this.handlebars.compile<TemplateContext>(found.source, { noEscape: isText(found) });
      this.compiled.set(key, template);
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

/** An instance of our own: helpers and partials an application registers globally cannot reach our pages, nor ours theirs. */
function createEngine(): typeof Handlebars {
  const engine = latePackages.handlebars().create();
  engine.registerHelper('log', () => {
    // It would write whatever a template hands it, links included, to the console.
    throw new Error('The log helper is switched off');
  });
  engine.registerHelper('eq', (left: unknown, right: unknown) => left === right);
  engine.registerHelper('t', textHelper);
  return engine;
}

function read(origin: FoundTemplate['origin'], directory: TemplateDirectory, path: string): FoundTemplate | undefined {
  const source = directory.sources.get(path);
  return source === undefined ? undefined : { origin, path, source };
}

/** `{{t "greeting" name=user.name}}`; HTML templates escape the result, values and all. */
function textHelper(key: unknown, { hash, data }: Handlebars.HelperOptions): string {
  if (!isTextKey(key)) throw new Error(`There is no text named ${String(key)}`);
  const { lang } = (data as { root: { lang: string } }).root;
  const text = translate(lang, key, hash as Record<string, unknown>);
  return (data as { isText?: boolean }).isText ? wrapText(text) : text;
}

function isText({ path }: FoundTemplate): boolean {
  return path.endsWith('.txt.hbs');
}
