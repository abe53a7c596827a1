import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { flowParts } from '../../platform/http/flow-parts.js';
import { ActiveEnrolment } from './active-enrolment.js';
import { Enrolment } from './enrolment.js';
import { PendingEnrolment } from './pending-enrolment.js';
import { SignupController } from './signup.controller.js';
import { SIGNUP_ENDPOINTS } from './signup.endpoints.js';
import { SignupService } from './signup.service.js';

export const SIGNUP = flowParts({
  level: 'basic',
  endpoints: SIGNUP_ENDPOINTS,
  controllers: [SignupController],
  providers: [
    SignupService,
    ActiveEnrolment,
    {
      provide: Enrolment,
      // Below level complete nothing is pending: accounts are active at once.
      useFactory: ({ autoActivate }: AuthConfig, active: ActiveEnrolment, pending?: PendingEnrolment) =>
        autoActivate ? active : pending,
      inject: [AUTH_CONFIG, ActiveEnrolment, { token: PendingEnrolment, optional: true }],
    },
  ],
  complete: { controllers: [], providers: [PendingEnrolment] },
});
