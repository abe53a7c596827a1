import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { BaseUserToken } from '../entities/base-user-token.entity.js';
import { mountedPath } from '../http/endpoints.js';
import { type LinkPurpose, LinkTokens } from '../tokens/link-tokens.js';

/**
 * The addresses in mails and pages. They come from the configuration and from the routes as they are mounted, never
 * from a request: a forged Host header cannot send a victim's token elsewhere.
 */
@Injectable()
export class Links {
  constructor(
    private readonly linkTokens: LinkTokens,
    private readonly application: ApplicationConfig,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** The link of a row that has one, made again from the row; undefined for notices. */
  of({ id, purpose, nonce }: Pick<BaseUserToken, 'id' | 'purpose' | 'nonce'>): string | undefined {
    if (nonce === null || (purpose !== 'activation' && purpose !== 'password-reset')) return undefined;
    return this.build(purpose, this.linkTokens.token({ id, purpose, nonce }));
  }

  /** The path of a page of this back end, as it is mounted. */
  pagePath(page: 'activationPage' | 'passwordResetPage', token: string): string {
    return mountedPath(page, this.application, { token });
  }

  private build(purpose: LinkPurpose, token: string): string {
    const isActivation = purpose === 'activation';
    const { urlTemplate } = isActivation ? this.config.activation : this.config.passwordReset;
    if (urlTemplate) return urlTemplate.replace('{token}', token);
    return `${this.config.publicUrl}${this.pagePath(isActivation ? 'activationPage' : 'passwordResetPage', token)}`;
  }
}
