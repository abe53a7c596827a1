import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { flowParts } from '../../platform/http/flow-parts.js';
import { ActiveSignup } from './active-signup.js';
import { PendingSignup } from './pending-signup.js';
import { SignupController } from './signup.controller.js';
import { SIGNUP_ENDPOINTS } from './signup.endpoints.js';
import { SignupWriter } from './signup-writer.js';
import { SignupService } from './signup.service.js';

export const SIGNUP = flowParts({
  level: 'basic',
  endpoints: SIGNUP_ENDPOINTS,
  controllers: [SignupController],
  providers: [
    SignupService,
    ActiveSignup,
    {
      provide: SignupWriter,
      // Below level complete nothing is pending: accounts are active at once.
      useFactory: ({ autoActivate }: AuthConfig, active: ActiveSignup, pending?: PendingSignup) =>
        autoActivate ? active : pending,
      inject: [AUTH_CONFIG, ActiveSignup, { token: PendingSignup, optional: true }],
    },
  ],
  complete: { controllers: [], providers: [PendingSignup] },
});
