import { Logger } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { addAuthSecurity, AUTH_CONFIG, type AuthConfig } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';
import { PAGE_PATHS } from './page.controller.js';

/** The HTTP server HTTP_ADAPTER names; only the chosen one is loaded. */
async function httpAdapter(name: string): Promise<AbstractHttpAdapter> {
  switch (name) {
    case 'express':
      return new (await import('@nestjs/platform-express')).ExpressAdapter();
    case 'fastify':
      // What still comes while it closes is answered as ever, on connections that then end.
      return new (await import('@nestjs/platform-fastify')).FastifyAdapter({ return503OnClosing: false });
    default:
      throw new Error(`HTTP_ADAPTER is ${name}: use express or fastify.`);
  }
}

const app = await NestFactory.create(AppModule, await httpAdapter(process.env['HTTP_ADAPTER'] || 'express'));
// Clients of the preset expect this prefix; the web page and what watches the process stay where they are.
if (app.get<AuthConfig>(AUTH_CONFIG).routes.preset === 'forge') {
  app.setGlobalPrefix('api/v1', { exclude: [...PAGE_PATHS, 'health', 'sample/info'] });
}
// What is served here, for readers and generators of clients: /openapi.json, made when it is first asked for.
const description = addAuthSecurity(new DocumentBuilder().setTitle('nestjs-gatehouse sample'), app).build();
SwaggerModule.setup('openapi', app, () => SwaggerModule.createDocument(app, description), {
  ui: false,
  raw: ['json'],
  jsonDocumentUrl: 'openapi.json',
});
// On SIGTERM and SIGINT: finish what is being answered and mailed, then close the database.
app.enableShutdownHooks(undefined, { useProcessExit: true });
await app.listen(Number(process.env['PORT'] || 3000), process.env['HOST'] || '127.0.0.1');
new Logger('SampleApp').log(`Listening on ${await app.getUrl()}`);
