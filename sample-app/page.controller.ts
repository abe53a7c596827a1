import { readFileSync } from 'node:fs';
import { Controller, Get, Header } from '@nestjs/common';

const file = (name: string): string => readFileSync(new URL(`./public/${name}`, import.meta.url), 'utf8');

const files = { html: file('index.html'), script: file('app.js'), style: file('style.css') };

/** The web page: three files, read once at start, the same on Express and Fastify. */
@Controller()
export class PageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  html(): string {
    return files.html;
  }

  @Get('app.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  script(): string {
    return files.script;
  }

  @Get('style.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  style(): string {
    return files.style;
  }
}
