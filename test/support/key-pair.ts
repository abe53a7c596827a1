import { generateKeyPairSync } from 'node:crypto';

/** Both halves of a key as PEM. */
export interface KeyPairPem {
  privateKey: string;
  publicKey: string;
}

/** A new key pair for access tokens. */
export function newKeyPair(algorithm: 'RS256' | 'ES256'): KeyPairPem {
  const { privateKey, publicKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
