import { flowParts } from '../../platform/http/flow-parts.js';
import { PasswordChangeController } from './password-change.controller.js';
import { PASSWORD_CHANGE_ENDPOINTS } from './password-change.endpoints.js';
import { PasswordChangeService } from './password-change.service.js';

export const PASSWORD_CHANGE = flowParts({
  level: 'complete',
  endpoints: PASSWORD_CHANGE_ENDPOINTS,
  controllers: [PasswordChangeController],
  providers: [PasswordChangeService],
});
