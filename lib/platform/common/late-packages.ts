import { createRequire } from 'node:module';
import type * as CommonPasswords from '@zxcvbn-ts/language-common';
import type Handlebars from 'handlebars';
import type Jsonwebtoken from 'jsonwebtoken';

const load = createRequire(import.meta.url);

/**
 * Packages that no start needs: what one costs in time and memory (20 ms and 2 MiB, 15 ms and 5 MiB) is paid when it is
 * first used, and never by an application that does not use it. They are CommonJS, so that nobody has to wait for them:
 * a password can never be judged before the list is there.
 */
export const latePackages = {
  handlebars: () => load('handlebars') as typeof Handlebars,
  jsonwebtoken: () => load('jsonwebtoken') as typeof Jsonwebtoken,
  commonPasswords: () => load('@zxcvbn-ts/language-common') as typeof CommonPasswords,
};
