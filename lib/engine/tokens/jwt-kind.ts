import { JwtService } from '@nestjs/jwt';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import type { JwtKeys } from './key-ring.js';
import type { JwtKey } from './keys.js';

/** What a verified token contains, before its claims are looked at. */
interface VerifiedJwt {
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** `typ`, `alg` and `kid`: all that we write ourselves. */
const HEADER_PARAMETERS = 3;

/** Seconds by which the clocks of two instances may differ. */
const MAX_CLOCK_SKEW_SECONDS = 30;

/** JWTs of one type: signed with one key, verified with the key they name. */
export class JwtKind {
  private readonly signer: JwtService;
  /** By kid. A Map, in which a kid is only ever compared: whatever path, query or `__proto__` it spells leads nowhere. */
  private readonly verifiers: ReadonlyMap<unknown, JwtService>;

  constructor(
    private readonly typ: string,
    { signing, accepted }: JwtKeys,
    config: Pick<AuthConfig, 'jwt'>,
  ) {
    this.signer = serviceOf(typ, signing, config);
    this.verifiers = new Map(accepted.map((key) => [key.kid, serviceOf(typ, key, config)]));
  }

  sign(claims: object): string {
    return this.signer.sign(claims);
  }

  /** The claims of a token that is genuine and unexpired at `now` (milliseconds since the epoch), else undefined. */
  verify(token: string, now: number): Record<string, unknown> | undefined {
    const clockTimestamp = Math.floor(now / 1000);
    try {
      const verifier = this.verifiers.get(kidOf(token));
      const verified = verifier?.verify<VerifiedJwt>(token, { clockTimestamp, complete: true });
      if (!verified || !hasOneSpelling(token)) return undefined;
      const { header, payload } = verified;
      // Only the header we write ourselves: `crit`, `jwk`, `jku`, `x5u` and the like must never steer verification.
      if (header['typ'] !== this.typ || Object.keys(header).length !== HEADER_PARAMETERS) return undefined;
      return Number(payload['iat']) <= clockTimestamp + MAX_CLOCK_SKEW_SECONDS ? payload : undefined;
    } catch {
      return undefined;
    }
  }
}

function serviceOf(typ: string, key: JwtKey, { jwt: { issuer, audience } }: Pick<AuthConfig, 'jwt'>): JwtService {
  const { kid, algorithm, signs, verifies } = key;
  return new JwtService({
    privateKey: signs,
    publicKey: verifies,
    signOptions: { algorithm, keyid: kid, issuer, audience, header: { alg: algorithm, typ } },
    verifyOptions: { algorithms: [algorithm], issuer, audience },
  });
}

/** Which key the token says made it. Nothing else of it is believed before that key has verified it. */
function kidOf(token: string): unknown {
  const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()) as {
    kid?: unknown;
  };
  return header.kid;
}

/** False where unused bits of the last character are set (RFC 4648, section 3.5), which an RSA or EC signature ignores. */
function hasOneSpelling(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}
