import type { SignOptions, VerifyOptions } from 'jsonwebtoken';
import { latePackages } from '../../platform/common/late-packages.js';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import type { JwtKeys } from './key-ring.js';
import type { JwtKey } from './keys.js';
import { hasOneSpelling } from './one-spelling.js';

/** A key, and what a token that names it must be. */
interface Verification {
  readonly key: JwtKey;
  readonly options: VerifyOptions;
}

/** `typ`, `alg` and `kid`: all that we write ourselves. */
const HEADER_PARAMETERS = 3;

/** Seconds by which the clocks of two instances may differ. */
const MAX_CLOCK_SKEW_SECONDS = 30;

/** JWTs of one type: signed with one key, verified with the key they name. */
export class JwtKind {
  private readonly signing: JwtKey;
  private readonly signOptions: SignOptions;
  /** By kid. A Map, in which a kid is only ever compared: whatever path, query or `__proto__` it spells leads nowhere. */
  private readonly accepted: ReadonlyMap<unknown, Verification>;

  constructor(
    private readonly typ: string,
    { signing, accepted }: JwtKeys,
    { jwt: { issuer, audience } }: Pick<AuthConfig, 'jwt'>,
  ) {
    const { kid, algorithm } = signing;
    this.signing = signing;
    this.signOptions = { algorithm, keyid: kid, issuer, audience, header: { alg: algorithm, typ } };
    this.accepted = new Map(
      accepted.map((key) => [key.kid, { key, options: { algorithms: [key.algorithm], issuer, audience } }]),
    );
  }

  sign(claims: object): string {
    // The ring signs with no key of which only the public half is known.
    return latePackages.jsonwebtoken().sign(claims, this.signing.signs!, this.signOptions);
  }

  /** The claims of a token that is genuine and unexpired at `now` (milliseconds since the epoch), else undefined. */
  verify(token: string, now: number): Record<string, unknown> | undefined {
    const clockTimestamp = Math.floor(now / 1000);
    try {
      const accepted = this.accepted.get(kidOf(token));
      if (!accepted || !hasOneSpelling(token)) return undefined;
      const options = { ...accepted.options, clockTimestamp, complete: true } as const;
      const { header, payload } = latePackages.jsonwebtoken().verify(token, accepted.key.verifies, options);
      // Only the header we write ourselves: `crit`, `jwk`, `jku`, `x5u` and the like must never steer verification.
      if (typeof payload === 'string' || header.typ !== this.typ || Object.keys(header).length !== HEADER_PARAMETERS)
        return undefined;
      return Number(payload.iat) <= clockTimestamp + MAX_CLOCK_SKEW_SECONDS ? payload : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Which key the token says made it. Nothing else of it is believed before that key has verified it. */
function kidOf(token: string): unknown {
  const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()) as {
    kid?: unknown;
  };
  return header.kid;
}
