import { Injectable } from '@nestjs/common';
import { AccountWriter } from '../../engine/accounts/account-writer.js';
import { provenState } from '../../platform/data/store/account-state.js';
import type { CheckedSignup, SignupOutcome, SignupWriter } from './signup-writer.js';

/** Level basic and mode D: the account is active at once, and signed in. Nobody has proved the address. */
@Injectable()
export class ActiveSignup implements SignupWriter {
  constructor(private readonly accounts: AccountWriter) {}

  async write(signup: CheckedSignup): Promise<SignupOutcome> {
    const { email, passwordHash, device } = signup;
    const facts = { via: 'signup', device, emailVerifiedAt: null } as const;
    const userId = await this.accounts.openly(email, (manager) => this.accounts.createActive(manager, signup, facts));
    const account = { id: userId, email, passwordHash, isActive: true, emailVerifiedAt: null };
    const proof = { account, amr: ['pwd'], via: 'signup', stillHolds: provenState(account) } as const;
    return { userId, activationRequired: false, activationUrl: null, proof };
  }
}
