import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { Limits } from '../../engine/limits/limits.js';
import { MailedLinks, type OwnedLink } from '../../engine/links/mailed-links.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { PasswordHasher } from '../../engine/passwords/password-hasher.js';
import { PasswordPolicy } from '../../engine/passwords/password-policy.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import type { Proof } from '../../engine/sign-in/proof.js';
import { Clock } from '../../platform/common/clock.js';
import { Traced } from '../../platform/common/traced.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { type AccountState, provenState, stateOf } from '../../platform/data/store/account-state.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';

const WORKS_FOR: readonly AccountState[] = ['active', 'pending'];

/** What a reset link can still do, and whose password it is. */
export type PasswordResetState = { state: 'live'; user: Account } | { state: 'done' | 'invalid' };

/** Whose password was set. */
export interface PasswordResetResult {
  userId: UserId;
  /** For a session, which a page does not open; null with `passwordReset.loginAfterReset: false`. */
  proof: Proof | null;
}

/**
 * Password reset: the forgotten password, and the way out for everybody a lost activation mail has stranded, since the
 * mailed link proves the address just as well.
 */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly users: UsersStore,
    private readonly fields: AccountFields,
    private readonly links: MailedLinks,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly ender: SessionEnder,
    private readonly outbox: Outbox,
    private readonly limits: Limits,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Owes a reset link to the address, if it has an account that was not deactivated; the links before it no longer work.
   * The same answer after the same statements, whether the address is known or not.
   * @returns the link in mode C, else null
   */
  @Traced('password_reset.request')
  request(email: string, device: Device): Promise<string | null> {
    const facts = { device, identifier: email, reason: 'password-reset' };
    return this.links.request(
      (users) => users.where({ email }).whereReachable(),
      facts,
      () => this.links.newLink('password-reset'),
    );
  }

  /**
   * Sets the new password; every session and every other link of the user dies, and the user is told by mail.
   * @throws AuthError PASSWORD_RESET_ALREADY_DONE for a link that did it before; PASSWORD_RESET_INVALID_TOKEN for an
   * unknown, expired or foreign one alike; PASSWORD_REJECTED, and whatever a hook throws, which leave the link as it was
   */
  @Traced('password_reset.confirm')
  async confirm(token: string, newPassword: string, device: Device): Promise<PasswordResetResult> {
    let passwordHash = '';
    const { user } = await this.links.redeem('password-reset', token, {
      worksFor: WORKS_FOR,
      prepare: async (link) => {
        await this.policy.assertAcceptable(newPassword, link.user, 'new_password');
        await this.hooks.run('beforePasswordReset', () => ({ user: this.users.entityOf(link.user), device }));
        passwordHash = await this.hasher.hash(newPassword, device);
      },
      change: (manager, link) => this.setPassword(manager, link.user, passwordHash),
      finish: (manager, link) => this.finish(manager, link, device),
    });
    await this.limits.forget(user, device);
    if (!this.config.passwordReset.loginAfterReset) return { userId: user.id, proof: null };
    const account = { ...user, passwordHash, isActive: true };
    const proof: Proof = { account, amr: ['otp'], via: 'password-reset', stillHolds: provenState(account) };
    return { userId: user.id, proof };
  }

  /** What a link can still do; looking uses nothing up. */
  async inspect(token: string): Promise<PasswordResetState> {
    const found = await this.links.inspect('password-reset', token, WORKS_FOR);
    return found.state === 'live' ? { state: 'live', user: found.link.user } : { state: found.state };
  }

  private setPassword(manager: EntityManager, user: Account, passwordHash: string): Promise<boolean> {
    const emailVerifiedAt = user.emailVerifiedAt ?? new Date(this.clock.now());
    const changes = { passwordHash, isActive: true, emailVerifiedAt };
    // Under the state the link was found in: an activation in between has filled the fields that this would empty.
    const isPending = stateOf(user) === 'pending';
    const fields = isPending ? this.fields.emptySignup() : {};
    return this.users.update(manager, user.id, changes, isPending ? 'pending' : 'active', fields);
  }

  /** A reset that activates is both: the application must not miss that the account came to life. */
  private async finish(manager: EntityManager, link: OwnedLink<'password-reset'>, device: Device): Promise<void> {
    const { user } = link;
    const facts = { userId: user.id, device, reason: 'password-reset' };
    if (stateOf(user) === 'pending') {
      await this.events.record('user_activated', facts, manager);
      await this.hooks.within(manager, 'afterActivation', user.id, { device, via: 'password-reset' });
    }
    await this.events.record('authn_password_change', facts, manager);
    await this.hooks.within(manager, 'afterPasswordReset', user.id, { device });
    await this.ender.endEverything(manager, user.id, link.id);
    await this.outbox.owe(manager, user.id, 'password-changed-notice', user.email);
  }
}
