import { NestFactory } from '@nestjs/core';
import { AuthService } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';

/** Makes an account from the command line: `SEED_PASSWORD=… node .build/sample-app/seed.js ada@example.com`. */
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error', 'fatal'] });
const [email = ''] = process.argv.slice(2);
const { activationUrl } = await app.get(AuthService).signup({ email, password: process.env['SEED_PASSWORD'] ?? '' });
console.log(activationUrl ?? 'The link is in the mail.');
// Lets mail that is on its way arrive, then closes the database.
await app.close();
