import type { Type } from '@nestjs/common';
import type { BaseUserToken } from '../entities/base-user-token.entity.js';

/** The application's two entity classes. */
export interface AccountEntities {
  readonly user: Type<object>;
  readonly token: Type<BaseUserToken>;
}

/** Injection token of {@link AccountEntities}. */
export const ACCOUNT_ENTITIES = Symbol('ACCOUNT_ENTITIES');
