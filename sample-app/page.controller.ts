import { readFileSync } from 'node:fs';
import { Controller, Get, Header, NotFoundException, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript' };

const file = (name: string, type: keyof typeof TYPES): { text: string; type: string } => ({
  text: readFileSync(new URL(`./public/${name}.${type}`, import.meta.url), 'utf8'),
  type: `${TYPES[type]}; charset=utf-8`,
});

/** The files of the web page by their paths, read once at start: nothing else in the folder is served. */
const FILES = new Map([
  ['/', file('index', 'html')],
  ['/style.css', file('style', 'css')],
  ['/controls.css', file('controls', 'css')],
  ['/conversation.css', file('conversation', 'css')],
  ['/account.js', file('account', 'js')],
  ['/app.js', file('app', 'js')],
  ['/api.js', file('api', 'js')],
  ['/conversation.js', file('conversation', 'js')],
  ['/links.js', file('links', 'js')],
  ['/outcomes.js', file('outcomes', 'js')],
  ['/page.js', file('page', 'js')],
]);

/** Where the web page is, whatever prefix the API has. */
export const PAGE_PATHS: readonly string[] = [...FILES.keys()];

/** Own scripts and styles, own API, the icon inside the page; no frame, and no form that the script does not send. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** The web page, the same on Express and Fastify. */
@ApiExcludeController()
@Controller()
export class PageController {
  @Get([...PAGE_PATHS])
  @Header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  @Header('X-Frame-Options', 'DENY')
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('Referrer-Policy', 'no-referrer')
  @Header('Cache-Control', 'no-cache')
  file(@Req() { url }: { url: string }, @Res({ passthrough: true }) response: HeaderSetter): string {
    const found = FILES.get(url.split('?', 1)[0]!);
    if (!found) throw new NotFoundException();
    response.header('Content-Type', found.type);
    return found.text;
  }
}

/** What the answers of both adapters have in common. */
interface HeaderSetter {
  header(name: string, value: string): unknown;
}
