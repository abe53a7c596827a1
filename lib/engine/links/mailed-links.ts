import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import type { Device } from '../../platform/common/device.js';
import { type LinkPurpose, linkPurpose } from '../../platform/common/purposes.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { valueAt } from '../../platform/config/settings.js';
import type { TokenPayload, TokenPayloads } from '../../platform/data/entities/base-user-token.entity.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { LinksStore } from '../../platform/data/store/links.store.js';
import { type NewToken, type OwnedToken, TokensStore } from '../../platform/data/store/tokens.store.js';
import type { Owner } from '../../platform/data/store/user-query.js';
import { type AccountState, stateOf } from '../../platform/data/store/account-state.js';
import { EventLog, type EventFacts } from '../events/event-log.js';
import { LinkUrls } from '../mail/link-urls.js';
import { Limits } from '../limits/limits.js';
import { Outbox } from '../mail/outbox.js';
import { LinkTokens } from '../tokens/link-tokens.js';
import { UniformAnswer } from './uniform-answer.js';
import { isStillSo } from './used-link.js';

/** A row that a link redeems. */
export type LinkRow = NewToken & { purpose: LinkPurpose; id: string; nonce: string; tokenHash: string };

/** What the audit trail is told of a link that was asked for. */
export type LinkFacts = Pick<EventFacts, 'userId' | 'identifier' | 'device' | 'reason' | 'actor'>;

/** A link of one kind together with its account. */
export type OwnedLink<P extends LinkPurpose> = OwnedToken<P> & { tokenHash: string };

/**
 * What a link can still do: something; nothing any more, because it was used with success, and what it has done is still so;
 * or nothing, for a reason that is nobody's business (unknown, expired, revoked, of another kind, of an account that is not in
 * the state for it).
 */
export type LinkState<P extends LinkPurpose> =
  | { readonly state: 'live'; readonly link: OwnedLink<P> }
  | { readonly state: 'done'; readonly link: OwnedLink<P> }
  | { readonly state: 'invalid' };

/** What a flow does with a link of its own; all of it happens, or nothing. */
export interface Redemption<P extends LinkPurpose> {
  /** The states of an account in which the link works. */
  readonly worksFor: readonly AccountState[];
  /** Outside the transaction: checks, hooks, hashes. What it throws refuses, and leaves the link as it was. */
  prepare?(link: OwnedLink<P>): Promise<void>;
  /** Changes the account, first of all; false where it no longer is as the link expects. */
  change(manager: EntityManager, link: OwnedLink<P>): Promise<boolean>;
  /** Writes what the change leads to, when the link is used up. */
  finish(manager: EntityManager, link: OwnedLink<P>): Promise<void>;
}

/** The one way a mailed link goes out, and the one way it comes back. */
@Injectable()
export class MailedLinks {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly linkRows: LinksStore,
    private readonly linkTokens: LinkTokens,
    private readonly urls: LinkUrls,
    private readonly outbox: Outbox,
    private readonly uniform: UniformAnswer,
    private readonly limits: Limits,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** A new link, to be written by {@link ask}, {@link offer}, {@link give} or {@link issueTo}. The row knows its hash, not the link. */
  newLink<P extends LinkPurpose>(
    purpose: P,
    payload: (P extends keyof TokenPayloads ? TokenPayloads[P] : never) | null = null,
  ): LinkRow {
    const createdAt = new Date(this.clock.now());
    const ttlSeconds = valueAt(this.config, linkPurpose(purpose).ttl.path) as number;
    const source = { purpose, id: this.tokens.newId(), nonce: this.linkTokens.nonce() };
    return {
      ...source,
      tokenHash: this.linkTokens.tokenHash(source),
      createdAt,
      expiresAt: new Date(createdAt.getTime() + ttlSeconds * 1000),
      mailDueAt: this.outbox.due(),
      payload: payload as TokenPayload | null,
    };
  }

  /**
   * Asked for by anybody who knows an address: owes the link to whomever `owner` finds, as {@link ask} does. Links before it
   * are left alone; that only the newest works is asked when one is redeemed.
   * @returns the link itself where answers carry it (mode C) and there is somebody, else null
   * @throws AuthError LIMIT_EXCEEDED where the network has asked too often
   */
  request(
    owner: Owner,
    facts: LinkFacts & { identifier: string; device: Device },
    newLink: () => LinkRow | Promise<LinkRow>,
  ): Promise<string | null> {
    const { identifier: address, device } = facts;
    const isReset = facts.reason === 'password-reset';
    // Before anybody is looked up: a known and an unknown address cost the same counter.
    const answer = () =>
      this.limits.countMail({ address, device, isReset }, async (mayMail) => {
        if (!mayMail) return null;
        const link = await newLink();
        const isOwed = await this.ask(owner, link, facts);
        return isOwed ? this.shown(link) : null;
      });
    return this.uniform.after(answer);
  }

  /**
   * Writes a link for whomever `owner` finds. The same statements whether that is somebody or nobody: one more for an
   * address that is known would tell that it is.
   * @returns false where that is nobody, be it because the account was deleted just now
   */
  async ask(owner: Owner, link: LinkRow, facts: LinkFacts): Promise<boolean> {
    return this.offer(await this.tokens.keyOf(owner), link, facts);
  }

  /**
   * Writes a link as a stranger may ask for it: by {@link TokensStore.insertAlone}, so that however many ask, the owner does
   * not wait. The audit trail is told afterwards: in one transaction with the link it would prolong what is locked.
   * @param userId undefined for nobody
   * @returns false where there is no such account
   */
  async offer(userId: UserId | undefined, link: LinkRow, facts: LinkFacts): Promise<boolean> {
    const isThere = await this.database.write(async (manager) => {
      if (!(await this.tokens.insertAlone(manager, userId, link))) return false;
      this.owe(manager, link);
      return true;
    });
    if (isThere) await this.events.record('authn_token_created', { ...told(link), ...facts });
    return isThere;
  }

  /**
   * Writes a link inside a flow's transaction for whomever `owner` finds, and tells of it.
   * @returns false where that is nobody
   */
  async give(manager: EntityManager, owner: Owner, link: LinkRow, facts: LinkFacts): Promise<boolean> {
    if (!(await this.tokens.insertFor(manager, owner, link))) return false;
    this.owe(manager, link);
    await this.events.record('authn_token_created', { ...told(link), ...facts }, manager);
    return true;
  }

  /** Writes a link for an account that the flow's own transaction has just written or changed. */
  async issueTo(manager: EntityManager, userId: UserId, link: LinkRow): Promise<void> {
    await this.tokens.insert(manager, userId, link);
    this.owe(manager, link);
  }

  /** The link where answers carry it (mode C), else null. */
  shown(link: LinkRow): string | null {
    return this.config.returnLinkInResponse ? this.urlOf(link) : null;
  }

  /** The link itself, for whoever may have it. */
  urlOf(link: LinkRow): string | null {
    return this.urls.of(link) ?? null;
  }

  /** Looks at a link without using it. */
  async inspect<P extends LinkPurpose>(
    purpose: P,
    token: string,
    worksFor: readonly AccountState[],
  ): Promise<LinkState<P>> {
    const tokenHash = this.linkTokens.hash(purpose, token);
    const link = tokenHash && ((await this.linkRows.find(purpose, tokenHash)) as OwnedLink<P> | null);
    if (!link) return { state: 'invalid' };
    if (link.usedAt !== null) return isStillSo(purpose, link) ? { state: 'done', link } : { state: 'invalid' };
    return this.tokens.isLive(link) && worksFor.includes(stateOf(link.user))
      ? { state: 'live', link }
      : { state: 'invalid' };
  }

  /**
   * Uses a link up: prepares, then in one transaction changes the account, uses the link, and finishes. The row of the
   * account comes first in every flow, so that two of them wait for each other and never deadlock; of any number of
   * parallel requests with the same link one wins.
   * @throws AuthError `<FLOW>_ALREADY_DONE` for a link that was used with success, `<FLOW>_INVALID_TOKEN` for every other
   * that does not work; whatever `prepare` throws, which leaves the link as it was; the driver's error where a unique
   * column is taken, which leaves it too
   */
  async redeem<P extends LinkPurpose>(purpose: P, token: string, redemption: Redemption<P>): Promise<OwnedLink<P>> {
    const { worksFor, prepare, change, finish } = redemption;
    const found = await this.inspect(purpose, token, worksFor);
    if (found.state !== 'live') throw refusal(purpose, found.state);
    const { link } = found;
    await prepare?.(link);
    const isDone = await this.database
      .transaction(async (manager) => {
        const isFirst =
          (await change(manager, link)) && (await this.linkRows.consume(manager, purpose, link.tokenHash));
        if (!isFirst) throw new NotRedeemed();
        await finish(manager, link);
        return true;
      })
      .catch(unlessNotRedeemed);
    // Somebody was quicker: most likely the same person, by a second click.
    if (!isDone) throw refusal(purpose, (await this.inspect(purpose, token, [])).state);
    return link;
  }

  private owe(manager: EntityManager, link: LinkRow): void {
    if (link.mailDueAt) this.outbox.wakeAfter(manager);
  }
}

/** What the audit trail calls a link by. */
function told({ id: tokenId, purpose }: LinkRow): Pick<EventFacts, 'tokenId' | 'purpose'> {
  return { tokenId, purpose };
}

/** Rolls a transaction back whose link, or account, was not as expected. */
class NotRedeemed extends Error {}

function unlessNotRedeemed(error: unknown): false {
  if (error instanceof NotRedeemed) return false;
  throw error;
}

function refusal(purpose: LinkPurpose, state: LinkState<LinkPurpose>['state']): AuthError {
  const { errors } = linkPurpose(purpose);
  return new AuthError(state === 'done' ? `${errors}_ALREADY_DONE` : `${errors}_INVALID_TOKEN`);
}

/** Says by `code` that a unique column was taken meanwhile. */
export function takenAs(code: AuthError['code']): (error: unknown) => never {
  return (error) => {
    throw isUniqueViolation(error) ? new AuthError(code, { cause: error }) : error;
  };
}
