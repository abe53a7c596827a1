import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Finding } from './finding.js';

const FULL_URL = 'is not an absolute http or https URL of one host, without user name and password';

/** What is wrong with an origin that paths are appended to. */
export function checkOrigin(value: string, production: boolean): Finding | false {
  if (isOrigin(value)) return checkTransport(value, production);
  return {
    message: 'is not an origin; links are built by appending a path to it',
    fix: 'Set it to scheme, host and port only, without wildcards, e.g. https://api.example.com.',
  };
}

/** What is wrong with a list of origins. */
export function checkOrigins(values: readonly string[], production: boolean): (Finding | false)[] {
  return [
    !values.every(isOrigin) && {
      message: 'has an entry that is not an origin; browsers send nothing but an origin to compare it with',
      fix: 'List scheme, host and port only, without wildcards, e.g. https://app.example.com.',
    },
    production &&
      !values.every(isHttps) && {
        message: 'has an entry that is not https; whoever is on the way could act for its users',
        fix: 'Use https with NODE_ENV=production.',
      },
  ];
}

/** What is wrong with an address that people are sent to. */
export function checkUrl(value: string, production: boolean): Finding | false {
  if (isWebUrl(value)) return checkTransport(value, production);
  return { message: FULL_URL, fix: 'Set it to a full address, e.g. https://app.example.com/login.' };
}

/** What is wrong with the address of a JWKS. */
export function checkKeyUrl(value: string, production: boolean): Finding | false {
  if (!isWebUrl(value)) {
    return { message: FULL_URL, fix: 'Set it to a full address, e.g. https://auth.example.com/.well-known/jwks.json.' };
  }
  return (
    production &&
    !isHttps(value) && {
      message: 'is not https; whoever stands in between could hand out keys of their own and be anybody',
      fix: 'Use https with NODE_ENV=production.',
    }
  );
}

/** Five digits of a hash are appended to it: no query, no fragment. */
export function checkRangeUrl(value: string, production: boolean): Finding | false {
  if (!isWebUrl(value) || /[?#]/.test(value)) {
    return {
      message: 'is not an absolute http or https URL that five digits can be appended to',
      fix: 'Set it to an address without user name, query and fragment, e.g. https://api.pwnedpasswords.com/range.',
    };
  }
  return (
    production &&
    !isHttps(value) && {
      message: 'is not https; whoever stands in between could tell anything of any password',
      fix: 'Use https with NODE_ENV=production.',
    }
  );
}

/** The token is a secret in a URL: it may stand in path, query or fragment, never where it would reach DNS. */
export function checkLinkTemplate(value: string, production: boolean): (Finding | false)[] {
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
    return [{ message: `${FULL_URL}, so the link would lead nowhere`, fix: `Set it to a full address, ${example}` }];
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

/** What is wrong with the name of a server. */
export function checkHost(value: string): Finding | false {
  return (
    !isHost(domainToASCII(value) || value) && {
      message: 'is not the name or address of one host, so no connection would ever be made',
      fix: 'Set it to the name alone, e.g. smtp.example.com, without scheme; a port has an option of its own.',
    }
  );
}

/** What is wrong with the address mail is sent from. */
export function checkSender(value: string): Finding | false {
  const [, domain] = /^[^\s@<>()[\]\\,;:"*]{1,64}@([^\s@<>()[\]\\,;:"]{1,255})$/.exec(value) ?? [];
  return (
    (domain === undefined || !isHost(domainToASCII(domain) || domain)) && {
      message: 'is not a plain e-mail address',
      fix: 'Set it to the address alone, e.g. no-reply@example.com; the name goes into smtp.fromName.',
    }
  );
}

function isOrigin(value: string): boolean {
  return /^https?:\/\/[^/?#@\\\s]+\/?$/i.test(value) && hasOneHost(value);
}

function isWebUrl(value: string): boolean {
  // The scheme, host and user part are looked at in the text: the URL parser repairs what mail clients do not.
  return /^https?:\/\/[^/?#@\\\s]+([/?#]\S*)?$/i.test(value) && hasOneHost(value);
}

/** The URL parser takes `*.example.com` and `${HOST}` for hosts, to which no link leads and which no browser sends. */
function hasOneHost(value: string): boolean {
  return URL.canParse(value) && isHost(new URL(value).hostname);
}

/** An IP address, or labels of letters, digits, hyphens and underscores (which container networks have; RFC 1123, 2.1). */
function isHost(host: string): boolean {
  if (isIP(host.replace(/^\[|\]$/g, '')) > 0) return true;
  const labels = host.replace(/\.$/, '').split('.');
  return labels.every((label) => /^[\w-]{1,63}$/.test(label) && !/^-|-$/.test(label));
}

function checkTransport(value: string, production: boolean): Finding | false {
  return (
    production &&
    !isHttps(value) && {
      message: 'is not https; whoever reads along takes the link over',
      fix: 'Use https with NODE_ENV=production.',
    }
  );
}

function isHttps(value: string): boolean {
  return /^https:/i.test(value);
}
