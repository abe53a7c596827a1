import { flowParts } from '../../platform/http/flow-parts.js';
import { SessionsController } from './sessions.controller.js';
import { SESSIONS_ENDPOINTS } from './sessions.endpoints.js';
import { SessionListService } from './sessions.service.js';

export const SESSIONS = flowParts({
  level: 'complete',
  endpoints: SESSIONS_ENDPOINTS,
  controllers: [SessionsController],
  providers: [SessionListService],
});
