import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en, type TextKey } from '../../lib/engine/texts/languages/en.js';
import { lookUpLocale } from '../../lib/engine/texts/locale.js';
import { LANGUAGES, translate, wrapText } from '../../lib/engine/texts/translate.js';

const KEYS = Object.keys(en) as TextKey[];

/** The source of every bundled template. */
function templates(): string[] {
  return ['mail', 'pages'].flatMap((part) => {
    const directory = new URL(`../../lib/engine/${part}/templates/`, import.meta.url);
    return readdirSync(directory).map((file) => readFileSync(new URL(file, directory), 'utf8'));
  });
}

const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();

describe('the catalogue', () => {
  it('has the languages it promises', () => {
    expect(Object.keys(LANGUAGES)).toEqual(['en', 'de', 'es', 'fr', 'pt-BR']);
  });

  it.each(Object.keys(LANGUAGES))('says everything in %s, with the same values', (tag) => {
    const texts = LANGUAGES[tag]!;
    expect(Object.keys(texts)).toEqual(KEYS);
    for (const key of KEYS) {
      expect([key, texts[key].trim()]).toEqual([key, texts[key]]);
      expect(texts[key]).not.toBe('');
      expect([key, placeholders(texts[key])]).toEqual([key, placeholders(en[key])]);
    }
  });

  it.each(Object.keys(LANGUAGES).slice(1))('does not fall back to English in %s', (tag) => {
    expect(KEYS.filter((key) => LANGUAGES[tag]![key] === en[key])).toEqual([]);
  });

  it('has every text that the bundled templates print', () => {
    const printed = templates().flatMap((source) => Array.from(source.matchAll(/[({]t "([^"]+)"/g), ([, key]) => key!));
    expect(printed.length).toBeGreaterThan(60);
    expect(printed.filter((key) => !Object.hasOwn(en, key))).toEqual([]);
  });

  it('has none that nothing prints', () => {
    const lib = new URL('../../lib/', import.meta.url);
    const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.includes('languages'))
      .map((file) => readFileSync(new URL(file, lib), 'utf8'));
    const everything = [...templates(), ...sources].join('\n');
    // Errors are looked up by their code.
    const unused = KEYS.filter((key) => !key.startsWith('error.') && !new RegExp(`["']${key}["']`).test(everything));
    expect(unused).toEqual([]);
  });

  it('words the errors of links in English as the API does, and those of forms and faults for readers', async () => {
    const { AUTH_ERRORS } = await import('nestjs-gatehouse');
    const errors = KEYS.filter((key) => key.startsWith('error.'));
    const messages = Object.fromEntries(
      Object.entries(AUTH_ERRORS).map(([code, [, message]]) => [`error.${code}`, message]),
    );
    expect(errors.filter((key) => messages[key] === undefined)).toEqual([]);
    const ofLinks = errors.filter((key) => !/^error\.(INPUT|LIMIT|SERVICE)_/.test(key));
    expect(ofLinks.map((key) => en[key])).toEqual(ofLinks.map((key) => messages[key]));
  });
});

describe('translate', () => {
  it('fills values in', () => {
    expect(translate('de', 'password.too_short', { min: 12 })).toBe('Das Passwort muss mindestens 12 Zeichen haben.');
  });

  it('drops a placeholder without a value, with the space before it', () => {
    expect(translate('en', 'greeting', { name: 'Ann' })).toBe('Hello Ann,');
    expect(translate('en', 'greeting', { name: undefined })).toBe('Hello,');
    expect(translate('es', 'greeting')).toBe('Hola:');
  });

  it('fills in what looks like a placeholder or a pattern as it is', () => {
    expect(translate('en', 'greeting', { name: '{name} $1 $&' })).toBe('Hello {name} $1 $&,');
  });

  it.each(['xx', '', '__proto__', 'constructor', 'DE'])('speaks English where %j is none of its languages', (tag) => {
    expect(translate(tag, 'go_to_login')).toBe('Go to login');
  });
});

describe('the locale of another region', () => {
  it.each([
    ['pt-PT', 'pt-BR'],
    ['pt', 'pt-BR'],
    ['de-AT', 'de'],
    ['es-419', 'es'],
    ['fr-CA', 'fr'],
    ['it', undefined],
    ['p', undefined],
  ])('%s is served by %s', (requested, locale) => {
    expect(lookUpLocale(requested, Object.keys(LANGUAGES))).toBe(locale);
  });
});

describe('wrapText', () => {
  it('breaks between words at 72 characters, and loses none', () => {
    const text = `${'word '.repeat(40)}${'x'.repeat(100)} end`;
    const lines = wrapText(text).split('\n');
    expect(lines.filter((line) => line.length > 72)).toEqual(['x'.repeat(100)]);
    expect(lines.join(' ')).toBe(text);
  });
});
