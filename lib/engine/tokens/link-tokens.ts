import { createHash, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { LinkPurpose } from '../../platform/common/purposes.js';
import { KeyRing } from './key-ring.js';

/** 48 bytes as base64url. */
const SHAPE = /^[A-Za-z0-9_-]{64}$/;

/** What identifies a link token: all of it is in the row, but the key is not. */
export interface LinkTokenSource {
  purpose: LinkPurpose;
  id: string;
  nonce: string;
}

/**
 * Link tokens: `HMAC-SHA-384(K_link, purpose | id | nonce)`, 64 base64url characters. The table holds only
 * `SHA-256(purpose | token)`, so that nothing at rest can be replayed, and a mail that is sent again carries the same link.
 */
@Injectable()
export class LinkTokens {
  constructor(private readonly ring: KeyRing) {}

  /** A fresh nonce: 128 bits, base64url. */
  nonce(): string {
    return randomBytes(16).toString('base64url');
  }

  /** What the row of a new link holds. */
  tokenHash(source: LinkTokenSource): string {
    return hashOf(source.purpose, tokenOf(source, this.ring.link[0]));
  }

  /**
   * The secret of a link, the same for the same row however often it is asked for: the hash in the row tells whether
   * the current JWT_SECRET made it or a previous one.
   * @throws Error where that secret is no longer in the configuration
   */
  token(row: LinkTokenSource & { tokenHash: string }): string {
    const candidates = this.ring.link.map((key) => tokenOf(row, key));
    const token = candidates.find((candidate) => hashOf(row.purpose, candidate) === row.tokenHash);
    if (token === undefined) throw new Error('the link was made with a JWT_SECRET that is not in jwt.previousSecrets');
    return token;
  }

  /**
   * What the table holds for a presented token, or undefined for what cannot be one. The purpose is part of the hash:
   * a link of one kind is unknown to every other flow, which stops one store from serving as a skeleton key.
   */
  hash(purpose: LinkPurpose, token: string): string | undefined {
    return SHAPE.test(token) ? hashOf(purpose, token) : undefined;
  }
}

function tokenOf({ purpose, id, nonce }: LinkTokenSource, key: KeyObject): string {
  return createHmac('sha384', key).update(`${purpose}|${id}|${nonce}`).digest('base64url');
}

function hashOf(purpose: LinkPurpose, token: string): string {
  return createHash('sha256').update(`${purpose}|${token}`).digest('hex');
}
