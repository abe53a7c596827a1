import { flowParts } from '../../platform/http/flow-parts.js';
import { PasswordResetController } from './password-reset.controller.js';
import { PASSWORD_RESET_ENDPOINTS } from './password-reset.endpoints.js';
import { PasswordResetPages } from './password-reset.pages.js';
import { PasswordResetService } from './password-reset.service.js';

export const PASSWORD_RESET = flowParts({
  level: 'complete',
  endpoints: PASSWORD_RESET_ENDPOINTS,
  controllers: [PasswordResetController],
  pages: [PasswordResetPages],
  providers: [PasswordResetService],
});
