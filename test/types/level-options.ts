import { AuthModule } from 'nestjs-gatehouse';
import { User, UserToken } from '../support/users-plain.js';

/**
 * What the compiler must accept, and what it must refuse: checked by `npm run typecheck`, where an expected error that
 * does not occur is an error itself. Nothing runs it.
 */
export const accepted = [
  () => AuthModule.forRoot({ userEntity: User, tokenEntity: UserToken }),
  () => AuthModule.forRoot({ level: 'complete', userEntity: User, tokenEntity: UserToken, mode: 'E' }),
  () => AuthModule.forRoot({ level: 'basic', userEntity: User, password: { minLength: 15 } }),
  () => AuthModule.forRoot({ level: 'none', jwt: { jwksUrl: 'https://auth.example.com/jwks' } }),
  () => AuthModule.forRootAsync({ userEntity: User, tokenEntity: UserToken, useFactory: () => ({}) }),
  () => AuthModule.forRootAsync({ level: 'basic', userEntity: User, useFactory: () => ({}) }),
  () => AuthModule.forRootAsync({ level: 'none', useFactory: () => ({}) }),
];

export const refused = [
  // @ts-expect-error level complete needs a token entity
  () => AuthModule.forRoot({ userEntity: User }),
  // @ts-expect-error level complete needs a user entity
  () => AuthModule.forRoot({ level: 'complete', tokenEntity: UserToken }),
  // @ts-expect-error level basic needs a user entity
  () => AuthModule.forRoot({ level: 'basic' }),
  // @ts-expect-error level basic has no token table
  () => AuthModule.forRoot({ level: 'basic', userEntity: User, tokenEntity: UserToken }),
  // @ts-expect-error level basic has no mode
  () => AuthModule.forRoot({ level: 'basic', userEntity: User, mode: 'D' }),
  // @ts-expect-error level none has no tables
  () => AuthModule.forRoot({ level: 'none', userEntity: User }),
  // @ts-expect-error there is no such level
  () => AuthModule.forRoot({ level: 'full', userEntity: User, tokenEntity: UserToken }),
  // @ts-expect-error level complete needs a token entity, wherever the other options come from
  () => AuthModule.forRootAsync({ userEntity: User, useFactory: () => ({}) }),
];
