import { statSync } from 'node:fs';
import { isLocale } from '../common/locale.js';
import { checkPrivateKey, checkPublicKeys } from './key-checks.js';
import type { Finding } from './finding.js';
import { checkSigningSecret } from './secret-checks.js';
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
  if (setting.kind === 'public-keys') return values.flatMap(checkPublicKeys);
  const findings = values.flatMap((value) => checkSigningSecret(value, undefined, production));
  return findings.map((finding) => finding && inEntry(finding));
}

/** What is wrong with one of several secrets. */
function inEntry({ message }: Finding): Finding {
  return {
    message: `has an entry that ${message}`,
    fix: 'List secrets that once were in use; one with a comma or a space in it can be passed in code only.',
  };
}

function checkOrigins(values: readonly string[], production: boolean): (Finding | false)[] {
  return [
    !values.every(isOrigin) && {
      message: 'has an entry that is not an origin; browsers send nothing but an origin to compare it with',
      fix: 'List scheme, host and port only, without wildcards, e.g. https://app.example.com.',
    },
    production &&
      !values.every((value) => /^https:/i.test(value)) && {
        message: 'has an entry that is not https; whoever is on the way could act for its users',
        fix: 'Use https with NODE_ENV=production.',
      },
  ];
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
  const unprintable = setting.kind !== 'private-key' &&
    /\p{Cc}/u.test(value) && {
      message: 'contains a line break or another control character, which would end a header or a log line early',
      fix: 'Remove it; look at the end of the value first.',
    };
  return [unprintable, ...(STRING_CHECKS[setting.kind]?.(value, setting, production) ?? [])];
}

const STRING_CHECKS: Partial<Record<SettingKind, Check<string>>> = {
  choice: (value, { values = [] }) => [
    !values.includes(value) && { message: 'is not one of the values known', fix: `Set it to ${values.join(', ')}.` },
  ],
  version: (value) => [
    !/^[\w.-]+$/.test(value) && {
      message: 'is not a plain version, which would change the shape of every path',
      fix: "Set it to the version alone, e.g. '1'; the application's versioning puts its prefix in front.",
    },
  ],
  'signing-secret': (value, { placeholder }, production) => checkSigningSecret(value, placeholder, production),
  'private-key': (value) => [checkPrivateKey(value) ?? false],
  origin: (value, _setting, production) =>
    isOrigin(value)
      ? [checkTransport(value, production)]
      : [
          {
            message: 'is not an origin; links are built by appending a path to it',
            fix: 'Set it to scheme, host and port only, e.g. https://api.example.com.',
          },
        ],
  url: (value, _setting, production) =>
    isWebUrl(value)
      ? [checkTransport(value, production)]
      : [
          {
            message: 'is not an absolute http or https URL without user name and password',
            fix: 'Set it to a full address, e.g. https://app.example.com/login.',
          },
        ],
  'key-url': (value, _setting, production) => [
    !isWebUrl(value)
      ? {
          message: 'is not an absolute http or https URL without user name and password',
          fix: 'Set it to a full address, e.g. https://auth.example.com/.well-known/jwks.json.',
        }
      : production &&
        !/^https:/i.test(value) && {
          message: 'is not https; whoever stands in between could hand out keys of their own and be anybody',
          fix: 'Use https with NODE_ENV=production.',
        },
  ],
  'link-template': (value, _setting, production) => checkLinkTemplate(value, production),
  'email-address': (value) => [
    !/^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,255}$/.test(value) && {
      message: 'is not a plain e-mail address',
      fix: 'Set it to the address alone, e.g. no-reply@example.com; the name goes into smtp.fromName.',
    },
  ],
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

/** The token is a secret in a URL: it may stand in path, query or fragment, never where it would reach DNS. */
function checkLinkTemplate(value: string, production: boolean): (Finding | false)[] {
  const example = 'e.g. https://app.example.com/activate?token={token}.';
  const pieces = value.split('{token}');
  const [authority = ''] = /^https?:\/\/[^/?#\\]*/i.exec(value) ?? [];
  if (authority.includes('{token}')) {
    return [
      {
        message: 'has {token} in its host, which would send the token to name servers',
        fix: `Move it behind the host, ${example}`,
      },
    ];
  }
  if (!isWebUrl(pieces.join('token'))) {
    const message =
      'is not an absolute http or https URL without user name and password, so the link would lead nowhere';
    return [{ message, fix: `Set it to a full address, ${example}` }];
  }
  return [
    pieces.length !== 2 && { message: 'does not have exactly one {token}', fix: `Write {token} once, ${example}` },
    /[{}]/.test(pieces.join('')) && {
      message: 'has braces besides {token}, and nothing fills them in',
      fix: `Leave {token} as the only one, ${example}`,
    },
    checkTransport(value, production),
  ];
}

function isOrigin(value: string): boolean {
  return /^https?:\/\/[^/?#@\\\s]+\/?$/i.test(value) && URL.canParse(value);
}

function isWebUrl(value: string): boolean {
  // The scheme, host and user part are looked at in the text: the URL parser repairs what mail clients do not.
  return /^https?:\/\/[^/?#@\\\s]+([/?#]\S*)?$/i.test(value) && URL.canParse(value);
}

function checkTransport(value: string, production: boolean): Finding | false {
  return (
    production &&
    !/^https:/i.test(value) && {
      message: 'is not https; whoever reads along takes the link over',
      fix: 'Use https with NODE_ENV=production.',
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
