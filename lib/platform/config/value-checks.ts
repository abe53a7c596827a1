import { statSync } from 'node:fs';
import { isLocale } from '../common/locale.js';
import {
  checkHost,
  checkKeyUrl,
  checkRangeUrl,
  checkLinkTemplate,
  checkOrigin,
  checkOrigins,
  checkSender,
  checkUrl,
} from './address-checks.js';
import { checkCertificates } from './certificates.js';
import { checkPrivateKey, checkPublicKeys } from './key-checks.js';
import type { Finding } from './finding.js';
import { checkFormerPepper, checkSigningSecret } from './secret-checks.js';
import type { Setting, SettingKind } from './setting.js';

type Check<T> = (value: T, setting: Setting, production: boolean) => readonly (Finding | false)[];

/**
 * What is wrong with one setting, looked at alone. The value has the type its kind demands
 * (true or false, a number, a list, or a string).
 */
export function checkValue(setting: Setting, value: unknown, production: boolean): readonly Finding[] {
  // The paths of routes are checked one by one where the table of routes is made.
  if (typeof value === 'boolean' || setting.kind === 'paths') return [];
  const findings =
    typeof value === 'number'
      ? checkInteger(value, setting)
      : Array.isArray(value)
        ? checkList(value as readonly string[], setting, production)
        : checkString(String(value), setting, production);
  return findings.filter((finding) => finding !== false);
}

function checkInteger(value: number, { min = 0, max = Number.MAX_SAFE_INTEGER, unit }: Setting): (Finding | false)[] {
  const fix = `Set it to a whole number (${unit}) from ${min} to ${max}.`;
  if (!Number.isSafeInteger(value)) return [{ message: 'is not a whole number', fix }];
  return [(value < min || value > max) && { message: 'is outside the range in which it is safe and useful', fix }];
}

function checkList(values: readonly string[], setting: Setting, production: boolean): readonly (Finding | false)[] {
  if (setting.kind === 'columns') return checkColumns(values);
  if (setting.kind === 'origins') return checkOrigins(values, production);
  if (setting.kind === 'token-types') return [!values.every(isTokenType) && NOT_A_TYPE];
  if (setting.kind === 'public-keys') return values.flatMap(checkPublicKeys);
  const findings = values.flatMap((value) =>
    setting.kind === 'former-peppers' ? checkFormerPepper(value) : checkSigningSecret(value, setting, production),
  );
  return findings.map(inEntry);
}

/** A media type as `typ` has it, without or with `application/` (RFC 7515, section 4.1.9). */
function isTokenType(value: string): boolean {
  return /^[\w.+/-]{1,64}$/.test(value);
}

const NOT_A_TYPE: Finding = {
  message: 'has an entry that no token names as its type',
  fix: 'List types as the issuer writes them, e.g. JWT, and none for tokens without one.',
};

/** What is wrong with one of several secrets. */
function inEntry({ message }: Finding): Finding {
  return {
    message: `has an entry that ${message}`,
    fix: 'List secrets that once were in use; one with a comma or a space in it can be passed in code only.',
  };
}

function checkColumns(values: readonly string[]): (Finding | false)[] {
  const fix = 'List the property names of columns, e.g. firstName.';
  return [
    !values.every(isPropertyName) && { message: 'has an entry that is not the name of a column', fix },
    values.some((value) => /^password_?hash$/i.test(value)) && {
      message: 'names the password hash; a template would mail it to whoever reads the mailbox',
      fix: 'Take it off the list.',
    },
  ];
}

function isPropertyName(value: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(value);
}

function checkString(value: string, setting: Setting, production: boolean): readonly (Finding | false)[] {
  const isPem = setting.kind === 'private-key' || setting.kind === 'certificates';
  const unprintable = !isPem &&
    /\p{Cc}/u.test(value) && {
      message: 'contains a line break or another control character, which would end a header or a log line early',
      fix: 'Remove it; look at the end of the value first.',
    };
  return [unprintable, ...(STRING_CHECKS[setting.kind]?.(value, setting, production) ?? [])];
}

const STRING_CHECKS: Partial<Record<SettingKind, Check<string>>> = {
  // A password may have anything in it.
  text: (value, { secret }) => (secret ? [] : [checkPlainText(value)]),
  choice: (value, { values = [] }) => [
    !values.includes(value) && { message: 'is not one of the values known', fix: `Set it to ${values.join(', ')}.` },
  ],
  version: (value) => [
    !/^[\w.-]+$/.test(value) && {
      message: 'is not a plain version, which would change the shape of every path',
      fix: "Set it to the version alone, e.g. '1'; the application's versioning puts its prefix in front.",
    },
  ],
  'signing-secret': checkSigningSecret,
  'private-key': (value) => [checkPrivateKey(value) ?? false],
  origin: (value, _setting, production) => [checkOrigin(value, production)],
  url: (value, _setting, production) => [checkUrl(value, production)],
  'key-url': (value, _setting, production) => [checkKeyUrl(value, production)],
  'range-url': (value, _setting, production) => [checkRangeUrl(value, production)],
  'link-template': (value, _setting, production) => checkLinkTemplate(value, production),
  host: (value) => [checkHost(value)],
  certificates: (value) => [checkCertificates(value)],
  'email-address': (value) => [checkSender(value)],
  'file-name': (value) => [
    !/^[A-Za-z0-9][\w.-]*$/.test(value) && {
      message: 'is not a plain file name; the file is looked up inside the template directory, never outside',
      fix: 'Set it to a name without directories, e.g. activation.hbs.',
    },
  ],
  directory: (value) => [
    !isDirectory(value) && {
      message: 'is not an existing directory, so no template in it would ever be used',
      fix: 'Create it, or correct the path; relative paths start at the working directory of the process.',
    },
  ],
  locale: (value) => [
    !isLocale(value) && { message: 'is not a language tag (BCP 47)', fix: 'Set it to a tag such as en or pt-BR.' },
  ],
};

/** Docker's --env-file keeps the quotes that other loaders of .env files take away. */
function checkPlainText(value: string): Finding | false {
  return (
    (value.trim() !== value || /^(["']).*\1$/.test(value)) && {
      message:
        'begins and ends with quotes, or with a space, which would be part of it wherever it is compared or shown',
      fix: 'Write it without.',
    }
  );
}

function isDirectory(path: string): boolean {
  // A path that cannot be looked at (a NUL in it, no permission) is as good as missing.
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
