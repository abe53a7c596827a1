import type { Type } from '@nestjs/common';
import type { SignupDto } from '../signup/signup.dto.js';

/**
 * The classes behind the endpoints whose fields the application may choose: its own, or the bundled ones. The one place
 * that knows them, for validation and documentation alike; provided per module, so two applications in one process
 * never see each other's.
 */
export interface AccountDtos {
  /** Body of `POST signup`. */
  readonly signup: Type<SignupDto>;
}

/** Injection token of {@link AccountDtos}. */
export const ACCOUNT_DTOS = Symbol('ACCOUNT_DTOS');
