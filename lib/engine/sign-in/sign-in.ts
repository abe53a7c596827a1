import { HttpException, Injectable } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { provenState } from '../../platform/data/store/account-state.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';
import { type Opening, SessionOpener } from '../sessions/session-opener.js';
import type { IssuedTokens, TokenPair } from '../tokens/session-tokens.js';
import type { Proof } from './proof.js';

/**
 * The one way from a proof to a session: decide, write, issue. Login, activation, password reset, signup in mode D and the
 * application's own word all go through it, so that what refuses a session refuses it on every way in (a ban that held at
 * login alone was walked round by a reset). A further step, such as a second factor, is one more outcome of {@link decide}.
 */
@Injectable()
export class SignIn<T extends IssuedTokens = TokenPair> {
  constructor(
    private readonly opener: SessionOpener<T>,
    private readonly users: UsersStore,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
  ) {}

  /**
   * Opens a session for a proof. Outside any transaction: what the flow did is committed, whether it may also sign in is
   * decided here.
   * @throws whatever `beforeLogin` throws; AuthError SESSION_INVALID_TOKEN where the account changed since the proof
   */
  async open(proof: Proof, device: Device): Promise<T> {
    const tokens = await this.tryOpen(proof, device);
    if (!tokens) throw new AuthError('SESSION_INVALID_TOKEN');
    return tokens;
  }

  /** The same; undefined where the account changed since the proof, for a flow that can prove again. */
  async tryOpen(proof: Proof, device: Device): Promise<T | undefined> {
    const session = await this.opener.write(await this.decide(proof, device));
    if (!session) return undefined;
    const { account, via } = proof;
    if (via === 'login') {
      await this.events.record('authn_login_success', { userId: account.id, sessionId: session.id, device });
    }
    const tokens = await this.opener.issue(session);
    await this.hooks.tell('afterLogin', async () => {
      const user = await this.entityOf(proof);
      return user ? { user, sessionId: session.id, device, via } : undefined;
    });
    return tokens;
  }

  /**
   * Opens a session on the application's own word, which has identified the user itself: by another site, a code of its
   * own, as an operator who acts for somebody. The same hooks and conditions as on every other way in.
   * @throws AuthError LOGIN_INVALID_CREDENTIALS for an account that is not there or not active; whatever `beforeLogin` throws
   */
  async openFor(userId: UserId, amr: readonly string[], device: Device): Promise<T> {
    const account = await this.users.findWithHash(userId);
    if (!account?.isActive) throw new AuthError('LOGIN_INVALID_CREDENTIALS');
    return this.open({ account, amr, via: 'application', stillHolds: provenState(account) }, device);
  }

  /**
   * Asks at a refresh what was asked when the session began: a ban that began later bites here.
   * @returns what `beforeLogin` refuses with; undefined where it has nothing against the session
   * @throws what is no refusal: a hook that failed ends nobody's session
   */
  async refusalOf(userId: UserId, device: Device): Promise<HttpException | undefined> {
    try {
      await this.hooks.run('beforeLogin', async () => {
        const user = await this.users.findById(userId);
        return user ? { user, device, via: 'refresh' } : undefined;
      });
      return undefined;
    } catch (error) {
      if (error instanceof HttpException && error.getStatus() < 500) return error;
      throw error;
    }
  }

  /** After the proof: a ban that anybody is told of would tell that there is an account. */
  private async decide(proof: Proof, device: Device): Promise<Opening> {
    const { account, amr, via, stillHolds } = proof;
    try {
      await this.hooks.run('beforeLogin', async () => {
        const user = await this.entityOf(proof);
        return user ? { user, device, via } : undefined;
      });
    } catch (error) {
      await this.events.record('authn_login_fail', { userId: account.id, device, reason: 'refused' });
      throw error;
    }
    return { stillHolds, amr, via, device };
  }

  /** A login has just read the whole row; what another flow wrote is read as it is now. */
  private entityOf({ account, via }: Proof): object | Promise<object | null> {
    return via === 'login' ? this.users.entityOf(account) : this.users.findById(account.id);
  }
}
