import { flowParts } from '../../platform/http/flow-parts.js';
import { RefreshController } from './refresh.controller.js';
import { LogoutService } from './logout.service.js';
import { REFRESH_ENDPOINTS } from './refresh.endpoints.js';
import { RefreshService } from './refresh.service.js';

export const REFRESH = flowParts({
  level: 'complete',
  endpoints: REFRESH_ENDPOINTS,
  controllers: [RefreshController],
  providers: [RefreshService, LogoutService],
});
