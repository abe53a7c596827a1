import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { algorithmOf, type JwtAlgorithm } from './jwt-algorithms.js';
import { type PemBlock, pemBlocks } from './pem.js';
import type { Finding } from './finding.js';

const GENERATE = {
  ES256: 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
  RS256: 'openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048',
};

const PRIVATE_FIX = `Set it to one PEM block, line breaks written as \\n or the whole in base64: ${GENERATE.ES256} (ES256) or ${GENERATE.RS256} (RS256).`;

const PUBLIC_FIX = 'Set it to PEM blocks that begin with BEGIN PUBLIC KEY: openssl pkey -in private.pem -pubout.';

const UNFIT: Finding = {
  message:
    'is neither an RSA key of 2048 bits or more nor an EC key on the curve P-256, so neither algorithm can use it',
  fix: `Make another: ${GENERATE.ES256} (ES256) or ${GENERATE.RS256} (RS256).`,
};

/** What is wrong with the text of the private key; RFC 8725, section 3.5, and RFC 7518, section 3.3, on its strength. */
export function checkPrivateKey(text: string): Finding | undefined {
  const [block, ...more] = pemBlocks(text) ?? [];
  if (!block || more.length > 0) return { message: 'is not one PEM block', fix: PRIVATE_FIX };
  if (block.isEncrypted) {
    return {
      message: 'is protected by a passphrase, and nobody is there to type it at start',
      fix: 'Remove it (openssl pkey -in private.pem), and keep the key where secrets are kept.',
    };
  }
  if (!block.label.endsWith('PRIVATE KEY')) return { message: 'is not a private key', fix: PRIVATE_FIX };
  const key = read(() => createPrivateKey(block.pem));
  if (!key) return { message: 'cannot be read; part of it may be missing', fix: PRIVATE_FIX };
  return algorithmOf(key) ? undefined : UNFIT;
}

/** What is wrong with one text of public keys, which may hold several. */
export function checkPublicKeys(text: string): readonly Finding[] {
  const blocks = pemBlocks(text);
  if (!blocks) return [{ message: 'has an entry that is not a PEM block', fix: PUBLIC_FIX }];
  return blocks.map(checkPublicKey).filter((finding) => finding !== undefined);
}

function checkPublicKey({ label, pem }: PemBlock): Finding | undefined {
  if (label.endsWith('PRIVATE KEY')) {
    return { message: 'has a private key in it, which has no business in a list of public ones', fix: PUBLIC_FIX };
  }
  // Node would take a certificate as well, and nobody would notice when it expires.
  if (!label.endsWith('PUBLIC KEY')) return { message: 'has an entry that is not a public key', fix: PUBLIC_FIX };
  const key = read(() => createPublicKey(pem));
  if (!key) return { message: 'has an entry that cannot be read; part of it may be missing', fix: PUBLIC_FIX };
  return algorithmOf(key) ? undefined : { message: `has an entry that ${UNFIT.message}`, fix: 'Take it off the list.' };
}

/** What is wrong between the algorithm and the private key, each of which is in order by itself. */
export function checkSigningKey(algorithm: JwtAlgorithm, privateKey: string | undefined): Finding | undefined {
  const needsKey = algorithm === 'RS256' || algorithm === 'ES256';
  if (privateKey === undefined) {
    const message = `is missing; with ${algorithm} every access token is signed with it`;
    return needsKey ? { message, fix: PRIVATE_FIX } : undefined;
  }
  const fit = algorithmOf(createPrivateKey(privateKey));
  if (fit === algorithm) return undefined;
  const message = needsKey
    ? `is a key for ${fit}, and jwt.algorithm is ${algorithm}`
    : `is set while jwt.algorithm is ${algorithm}, so it would never sign anything`;
  return { message, fix: `Set jwt.algorithm (JWT_ALGORITHM) to ${fit}, or change this.` };
}

/** Undefined for what cannot be read: why is for nobody to see, OpenSSL's error may quote what it was given. */
function read(key: () => KeyObject): KeyObject | undefined {
  try {
    return key();
  } catch {
    return undefined;
  }
}
