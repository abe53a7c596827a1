import { flowParts } from '../../platform/http/flow-parts.js';
import { RefreshController } from './refresh.controller.js';
import { REFRESH_ENDPOINTS } from './refresh.endpoints.js';

export const REFRESH = flowParts({
  level: 'complete',
  endpoints: REFRESH_ENDPOINTS,
  controllers: [RefreshController],
  providers: [],
});
