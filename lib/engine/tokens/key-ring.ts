import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { asymmetricKey, publish, type PublishedKey } from './asymmetric-keys.js';
import { HMAC_ALGORITHMS, type HmacAlgorithm } from '../../platform/config/jwt-algorithms.js';
import { deriveKeys, type HmacKeys, type JwtKey } from './keys.js';

/** The keys of one kind of JWT. */
export interface JwtKeys {
  readonly signing: JwtKey;
  /** Every key whose tokens are accepted, the signing one included. */
  readonly accepted: readonly JwtKey[];
}

/**
 * Every key the configuration names. New tokens and links are made with the current ones; what former secrets and former
 * public keys made goes on being accepted, so that nobody notices a rotation. Both families of access keys are in the
 * ring whatever `jwt.algorithm` is, and each HMAC has a key of its own: changing the algorithm is a rotation as well.
 */
@Injectable()
export class KeyRing {
  readonly access: JwtKeys;
  readonly refresh: JwtKeys;
  /** Of the current secret first, then of the previous ones. */
  readonly link: readonly [KeyObject, ...KeyObject[]];
  /** In the same order. */
  readonly csrf: readonly [KeyObject, ...KeyObject[]];
  /** Of the current secret alone: nobody has to recognise a pseudonym of a former one. */
  readonly audit: KeyObject;
  /** Likewise: a rotation forgets what was counted, and no more. */
  readonly limit: KeyObject;
  /** In the same order as {@link link}. */
  readonly device: readonly [KeyObject, ...KeyObject[]];
  /** What other services verify access tokens with: a JWKS (RFC 7517, section 5), empty without asymmetric keys. */
  readonly publicKeys: readonly PublishedKey[];

  constructor(@Inject(AUTH_CONFIG) { jwt }: Pick<AuthConfig, 'jwt'>) {
    const { algorithm, privateKey } = jwt;
    const current = deriveKeys(jwt.secret);
    const previous = jwt.previousSecrets.map(deriveKeys);
    const own = privateKey === undefined ? undefined : asymmetricKey(createPrivateKey(privateKey));
    const publicKeys = jwt.publicKeys.map((pem) => asymmetricKey(createPublicKey(pem)));
    const asymmetric = distinct([...(own ? [own] : []), ...publicKeys]);
    // Refresh tokens are read by nobody but us: they stay symmetric.
    const hmac: HmacAlgorithm = isHmac(algorithm) ? algorithm : 'HS256';

    this.access = {
      signing: own ?? current.access[hmac],
      accepted: [...asymmetric, ...hmacKeys(current.access, ...previous.map(({ access }) => access))],
    };
    this.refresh = {
      signing: current.refresh[hmac],
      accepted: hmacKeys(current.refresh, ...previous.map(({ refresh }) => refresh)),
    };
    this.link = [current.link, ...previous.map(({ link }) => link)];
    this.csrf = [current.csrf, ...previous.map(({ csrf }) => csrf)];
    this.audit = current.audit;
    this.limit = current.limit;
    this.device = [current.device, ...previous.map(({ device }) => device)];
    this.publicKeys = asymmetric.map(publish);
  }
}

function hmacKeys(...ofSecrets: HmacKeys[]): JwtKey[] {
  return ofSecrets.flatMap((keys) => HMAC_ALGORITHMS.map((algorithm) => keys[algorithm]));
}

/** The same list of public keys may be given to instances of which some sign with one of them already. */
function distinct(keys: readonly JwtKey[]): JwtKey[] {
  return [...new Map(keys.map((key) => [key.kid, key])).values()];
}

function isHmac(algorithm: string): algorithm is HmacAlgorithm {
  return (HMAC_ALGORITHMS as readonly string[]).includes(algorithm);
}
