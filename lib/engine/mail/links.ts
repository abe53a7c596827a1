import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { AuthStartUpError } from '../../platform/config/start-up-error.js';
import type { BaseUserToken } from '../../platform/data/entities/base-user-token.entity.js';
import { Routes } from '../../platform/http/routes.js';
import { type LinkPurpose, LinkTokens } from '../tokens/link-tokens.js';
import { LINK_PAGES, linkProblems, urlTemplateOf } from './link-check.js';

/**
 * The addresses in mails and pages. They come from the configuration and from the routes as they are mounted, never
 * from a request: a forged Host header cannot send a victim's token elsewhere.
 */
@Injectable()
export class Links implements OnModuleInit {
  constructor(
    private readonly linkTokens: LinkTokens,
    private readonly routes: Routes,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @throws AuthStartUpError where a link would lead nowhere; routes are mounted by now, and no mail has left yet */
  onModuleInit(): void {
    const problems = linkProblems(this.config, this.routes);
    if (problems.length > 0) throw new AuthStartUpError(problems);
  }

  /**
   * The link of a row that has one, made again from the row; undefined for notices.
   * @throws Error where the secret it was made with is gone from the configuration
   */
  of(row: Pick<BaseUserToken, 'id' | 'purpose' | 'nonce' | 'tokenHash'>): string | undefined {
    const { id, purpose, nonce, tokenHash } = row;
    if (nonce === null || tokenHash === null || !isLinkPurpose(purpose)) return undefined;
    return this.build(purpose, this.linkTokens.token({ id, purpose, nonce, tokenHash }));
  }

  /** The path of a page of this back end, as it is mounted. */
  pagePath(page: string, token: string): string {
    return this.routes.pathTo(page, { token });
  }

  private build(purpose: LinkPurpose, token: string): string {
    const urlTemplate = urlTemplateOf(this.config, purpose);
    if (urlTemplate) return urlTemplate.replace('{token}', token);
    return `${this.config.publicUrl}${this.pagePath(LINK_PAGES[purpose].page, token)}`;
  }
}

function isLinkPurpose(purpose: BaseUserToken['purpose']): purpose is LinkPurpose {
  return purpose in LINK_PAGES;
}
