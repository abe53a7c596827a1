/** Entities a template may use in a title; other characters are written as they are, in UTF-8. */
const NAMED_ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', '\u00A0'],
  ['shy', ''],
  ['ndash', '–'],
  ['mdash', '—'],
  ['hellip', '…'],
  ['middot', '·'],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['laquo', '«'],
  ['raquo', '»'],
]);

/**
 * The `<title>` of an HTML document as plain text on one line; empty without one. It becomes the subject of a mail, so
 * line breaks go, entity-encoded ones too: a CR or LF would start a new header (SMTP header injection).
 */
export function htmlTitle(html: string): string {
  const [, title = ''] = /<title[^<>]*>([^<]*)<\/title>/i.exec(html) ?? [];
  return decodeEntities(title)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/** One pass, so that `&amp;lt;` becomes `&lt;` and no further. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,8}));/gi, (entity, hex, decimal, name) => {
    if (name) return NAMED_ENTITIES.get(name) ?? entity;
    return characterOf(hex ? parseInt(hex, 16) : Number(decimal));
  });
}

function characterOf(code: number): string {
  const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : '\uFFFD';
}
