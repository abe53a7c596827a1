import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { TokenPurpose } from '../entities/base-user-token.entity.js';
import { deriveKeys } from './keys.js';

/** 48 bytes as base64url. */
const SHAPE = /^[A-Za-z0-9_-]{64}$/;

/** The purposes whose rows a mailed link can redeem. */
export type LinkPurpose = Extract<TokenPurpose, 'activation' | 'password-reset' | 'email-change' | 'email-change-undo'>;

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
  private readonly key;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    this.key = deriveKeys(config.jwt.secret).link;
  }

  /** A fresh nonce: 128 bits, base64url. */
  nonce(): string {
    return randomBytes(16).toString('base64url');
  }

  /** The secret of the link; the same for the same row, however often it is asked for. */
  token({ purpose, id, nonce }: LinkTokenSource): string {
    return createHmac('sha384', this.key).update(`${purpose}|${id}|${nonce}`).digest('base64url');
  }

  /**
   * What the table holds for a presented token, or undefined for what cannot be one. The purpose is part of the hash:
   * a link of one kind is unknown to every other flow, which stops one store from serving as a skeleton key.
   */
  hash(purpose: LinkPurpose, token: string): string | undefined {
    if (!SHAPE.test(token)) return undefined;
    return createHash('sha256').update(`${purpose}|${token}`).digest('hex');
  }
}
