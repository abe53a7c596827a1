import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { UserId } from '../entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';
import { SessionOpener } from '../session/session-opener.js';
import { Database } from '../store/database.js';
import { UsersStore } from '../store/users.store.js';
import type { IssuedTokens, TokenPair } from '../tokens/session-tokens.js';
import { type Applicant, createAccount, type Enrolment, enrolOpenly, type SignupResult } from './enrolment.js';

/** Level basic and mode D: the account is active at once, and signed in. Nobody has proved the address. */
@Injectable()
export class ActiveEnrolment<T extends IssuedTokens = TokenPair> implements Enrolment<T> {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly sessions: SessionOpener<T>,
  ) {}

  async enrol(applicant: Applicant): Promise<SignupResult<T>> {
    const { database, users } = this;
    const { email, passwordHash, device } = applicant;
    const userId = await enrolOpenly(database, users, email, (manager) => this.create(manager, applicant));
    const tokens = await this.sessions.signIn({ id: userId, passwordHash }, device, 'signup');
    return { userId, activationRequired: false, activationUrl: null, tokens };
  }

  private async create(manager: EntityManager, applicant: Applicant): Promise<UserId> {
    const { device } = applicant;
    const userId = await createAccount(manager, this.users, this.hooks, applicant, true);
    await this.events.record('user_created', { userId, device }, manager);
    await this.events.record('user_activated', { userId, device, reason: 'signup' }, manager);
    await this.hooks.within(manager, 'afterActivation', userId, { device, via: 'signup' });
    return userId;
  }
}
