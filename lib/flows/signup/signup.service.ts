import { Injectable } from '@nestjs/common';
import type { Device } from '../../platform/common/device.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { PasswordHasher } from '../../engine/passwords/password-hasher.js';
import { PasswordPolicy } from '../../engine/passwords/password-policy.js';
import type { IssuedTokens, TokenPair } from '../../engine/tokens/session-tokens.js';
import { Enrolment, type SignupResult } from './enrolment.js';
import { Traced } from '../../platform/common/traced.js';

/** What a signup states: address and password, and any column of the application's user entity. */
export interface SignupInput {
  /** Canonical address. */
  email: string;
  password: string;
  [field: string]: unknown;
}

/** Signup: what it states is checked and hashed; what becomes of it is for the {@link Enrolment}. */
@Injectable()
export class SignupService<T extends IssuedTokens = TokenPair> {
  constructor(
    private readonly fields: AccountFields,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly enrolment: Enrolment<T>,
    private readonly hooks: Hooks,
  ) {}

  /**
   * @throws AuthError PASSWORD_REJECTED, INPUT_INVALID for a field that is no column of the application's own,
   * SIGNUP_EMAIL_TAKEN (modes C and D, level basic), SIGNUP_CONFLICT where another unique column is taken;
   * whatever a hook throws
   */
  @Traced('signup')
  async signup(input: SignupInput, device: Device): Promise<SignupResult<T>> {
    const { email, password, ...fields } = input;
    this.fields.assertStorable(fields, 'signup');
    const name = typeof fields['name'] === 'string' ? fields['name'] : undefined;
    const username = this.fields.usernameIn(fields);
    this.policy.assertAcceptable(password, { email, name, username });
    await this.hooks.run('beforeSignup', () => ({ email, fields, device }));
    // Always, and before anything depends on the address: the time of the hash tells nothing about it.
    const applicant = { email, fields, passwordHash: await this.hasher.hash(password), device };
    return this.enrolment.enrol(applicant);
  }
}
