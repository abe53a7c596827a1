import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { Limits } from '../../engine/limits/limits.js';
import { MailedLinks, type OwnedLink, takenAs } from '../../engine/links/mailed-links.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import type { Proof } from '../../engine/sign-in/proof.js';
import { Clock } from '../../platform/common/clock.js';
import { restoreFields } from '../../platform/common/stored-fields.js';
import { Traced } from '../../platform/common/traced.js';
import { LinksStore } from '../../platform/data/store/links.store.js';
import { provenState } from '../../platform/data/store/account-state.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';

/** Activation: the mailed link proves the address, and the signup it belongs to becomes the account. */
@Injectable()
export class ActivationService {
  constructor(
    private readonly users: UsersStore,
    private readonly linkRows: LinksStore,
    private readonly fields: AccountFields,
    private readonly links: MailedLinks,
    private readonly ender: SessionEnder,
    private readonly limits: Limits,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Activates the account.
   * @returns the proof for a session, which a page does not open
   * @throws AuthError ACTIVATION_ALREADY_DONE for a link that did it before; ACTIVATION_INVALID_TOKEN for an unknown,
   * expired or foreign one alike; SIGNUP_CONFLICT where a unique column of the signup was taken meanwhile, which leaves the
   * link as it was; whatever a hook throws, which leaves it too
   */
  @Traced('activation')
  async activate(token: string, device: Device): Promise<Proof> {
    const { user, payload } = await this.links
      .redeem('activation', token, {
        worksFor: ['pending'],
        prepare: async (link) => {
          await this.hooks.run('beforeActivation', () => ({ user: this.users.entityOf(link.user), device }));
        },
        change: (manager, link) => this.makeActive(manager, link),
        finish: (manager, link) => this.finish(manager, link, device),
      })
      // A second signup of an address may state what another account has taken by now.
      .catch(takenAs('SIGNUP_CONFLICT'));
    const account = { ...user, passwordHash: payload!.passwordHash, isActive: true };
    // A stranger who failed for the name while nobody had it would keep its owner from the first login.
    await this.limits.forget({ ...account, username: this.fields.usernameIn(restoreFields(payload!)) }, device);
    return { account, amr: ['otp'], via: 'activation', stillHolds: provenState(account) };
  }

  /** What a link can still do; looking uses nothing up. */
  async inspect(token: string): Promise<'live' | 'done' | 'invalid'> {
    return (await this.links.inspect('activation', token, ['pending'])).state;
  }

  /**
   * Sends a pending account a new link; always the same answer. Unless exactly one signup waits for the address, the
   * link is one to set a password: whoever asks again must not be handed the password of a stranger's signup.
   * @returns the link in mode C, else null
   */
  @Traced('activation.resend')
  resend(email: string, device: Device): Promise<string | null> {
    const facts = { device, identifier: email, reason: 'activation-resend' };
    return this.links.request(
      (users) => users.where({ email }).wherePending(),
      facts,
      async () => {
        const [signup, another] = await this.linkRows.waitingSignups(email);
        return signup && !another ? this.links.newLink('activation', signup) : this.links.newLink('password-reset');
      },
    );
  }

  /** Never an account that was active before: a link cannot undo a deactivation. */
  private async makeActive(manager: EntityManager, { user, payload }: OwnedLink<'activation'>): Promise<boolean> {
    if (!payload) return false;
    const { passwordHash } = payload;
    const changes = { passwordHash, isActive: true, emailVerifiedAt: new Date(this.clock.now()) };
    const fields = { ...this.fields.emptySignup(), ...restoreFields(payload) };
    return this.users.update(manager, user.id, changes, 'pending', fields);
  }

  private async finish(manager: EntityManager, { user }: OwnedLink<'activation'>, device: Device): Promise<void> {
    // The other signups of this address, and their links, die with this one's success.
    await this.ender.endEverything(manager, user.id);
    await this.events.record('user_activated', { userId: user.id, device, reason: 'activation' }, manager);
    await this.hooks.within(manager, 'afterActivation', user.id, { device, via: 'activation' });
  }
}
