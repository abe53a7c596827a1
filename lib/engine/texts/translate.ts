import { de } from './languages/de.js';
import { en, type Language, type TextKey } from './languages/en.js';
import { es } from './languages/es.js';
import { fr } from './languages/fr.js';
import { ptBr } from './languages/pt-br.js';

/** The catalogue: the languages that the bundled mails and pages come in, by language tag. */
export const LANGUAGES: Readonly<Record<string, Language>> = { en, de, es, fr, 'pt-BR': ptBr };

/** The language of whoever has none of {@link LANGUAGES}. */
export const FALLBACK_LANGUAGE = 'en';

/** True for the name of a text. */
export function isTextKey(key: unknown): key is TextKey {
  return typeof key === 'string' && Object.hasOwn(en, key);
}

/**
 * A text of the catalogue with its values filled in; in English where the language is none of ours. A placeholder without
 * a value disappears together with the space before it: `Hello {name},` is `Hello,` for somebody without a name.
 */
export function translate(language: string, key: TextKey, values: Readonly<Record<string, unknown>> = {}): string {
  const texts = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language]! : en;
  return texts[key].replace(/( ?)\{(\w+)\}/g, (_, space: string, name: string) => {
    const value = values[name] ?? '';
    return value === '' ? '' : `${space}${String(value)}`;
  });
}

/** Lines of at most 72 characters, for the text part of a mail; a longer word keeps a line of its own. */
export function wrapText(text: string): string {
  return text.replace(/(?=\S)(.{1,72})(?: +|$)/g, '$1\n').trimEnd();
}
