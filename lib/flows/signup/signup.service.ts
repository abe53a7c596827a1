import { Injectable } from '@nestjs/common';
import type { Device } from '../../platform/common/device.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { Limits } from '../../engine/limits/limits.js';
import { PasswordHasher } from '../../engine/passwords/password-hasher.js';
import { PasswordPolicy } from '../../engine/passwords/password-policy.js';
import { type SignupOutcome, SignupWriter } from './signup-writer.js';
import { Traced } from '../../platform/common/traced.js';

/** What a signup states: address and password, and any column of the application's user entity. */
export interface SignupInput {
  /** Canonical address. */
  email: string;
  password: string;
  [field: string]: unknown;
}

/** Signup: what it states is checked and hashed; what becomes of it is for the {@link SignupWriter}. */
@Injectable()
export class SignupService {
  constructor(
    private readonly fields: AccountFields,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly writer: SignupWriter,
    private readonly limits: Limits,
    private readonly hooks: Hooks,
  ) {}

  /**
   * @throws AuthError PASSWORD_REJECTED, INPUT_INVALID for a field that is no column of the application's own,
   * SIGNUP_EMAIL_TAKEN (modes C and D, level basic), SIGNUP_CONFLICT where a username is taken, in those also another unique column;
   * LIMIT_EXCEEDED where the network has asked too often; whatever a hook throws
   */
  @Traced('signup')
  async signup(input: SignupInput, device: Device): Promise<SignupOutcome> {
    const { email, password, ...fields } = input;
    this.fields.assertStorable(fields, 'signup');
    const name = typeof fields['name'] === 'string' ? fields['name'] : undefined;
    const username = this.fields.usernameIn(fields);
    await this.policy.assertAcceptable(password, { email, name, username });
    await this.hooks.run('beforeSignup', () => ({ email, fields, device }));
    return this.limits.countMail({ address: email, device }, async (mayMail) => {
      // Always, and before anything depends on the address: the time of the hash tells nothing about it.
      const passwordHash = await this.hasher.hash(password, device);
      return this.writer.write({ email, fields, passwordHash, device, mayMail });
    });
  }
}
