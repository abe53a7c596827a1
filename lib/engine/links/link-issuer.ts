import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../platform/common/clock.js';
import type { TokenPayload } from '../../platform/data/entities/base-user-token.entity.js';
import { EventLog, type EventFacts } from '../events/event-log.js';
import { type NewToken, TokensStore } from '../../platform/data/store/tokens.store.js';
import type { UserQuery } from '../../platform/data/store/user-query.js';
import { type LinkPurpose, LinkTokens } from '../tokens/link-tokens.js';
import { Outbox } from '../mail/outbox.js';

/** A row that a link redeems. */
export type LinkRow = NewToken & { purpose: LinkPurpose; id: string; nonce: string; tokenHash: string };

/** Makes rows that hold a link and owe the mail that carries it. */
@Injectable()
export class LinkIssuer {
  constructor(
    private readonly tokens: TokensStore,
    private readonly linkTokens: LinkTokens,
    private readonly outbox: Outbox,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /** A new link, live for `ttlSeconds`, to be inserted by the flow. The row knows the hash of the link, not the link. */
  issue(purpose: LinkPurpose, ttlSeconds: number, payload: TokenPayload | null = null): LinkRow {
    const createdAt = new Date(this.clock.now());
    const source = { purpose, id: this.tokens.newId(), nonce: this.linkTokens.nonce() };
    return {
      ...source,
      tokenHash: this.linkTokens.tokenHash(source),
      createdAt,
      expiresAt: new Date(createdAt.getTime() + ttlSeconds * 1000),
      mailDueAt: this.outbox.due(),
      payload,
    };
  }

  /**
   * Writes a link's row for whomever `owner` (a query over users under the alias `user`) finds, and tells of it. Who that
   * is, is not looked up: a statement more for an address that is known would tell that it is.
   * @returns false where that is nobody
   */
  async give(
    manager: EntityManager,
    owner: (users: UserQuery) => UserQuery,
    link: LinkRow,
    facts: Pick<EventFacts, 'userId' | 'identifier' | 'device' | 'reason' | 'actor'>,
  ): Promise<boolean> {
    if (!(await this.tokens.insertFor(manager, owner, link))) return false;
    const { id: tokenId, purpose } = link;
    await this.events.record('authn_token_created', { tokenId, purpose, ...facts }, manager);
    return true;
  }
}
