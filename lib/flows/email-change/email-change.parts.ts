import { flowParts } from '../../platform/http/flow-parts.js';
import { EmailChangeUndoService } from './email-change-undo.service.js';
import { EmailChangeController } from './email-change.controller.js';
import { EMAIL_CHANGE_ENDPOINTS } from './email-change.endpoints.js';
import { EmailChangePages } from './email-change.pages.js';
import { EmailChangeService } from './email-change.service.js';

export const EMAIL_CHANGE = flowParts({
  level: 'complete',
  endpoints: EMAIL_CHANGE_ENDPOINTS,
  controllers: [EmailChangeController],
  pages: [EmailChangePages],
  providers: [EmailChangeService, EmailChangeUndoService],
});
