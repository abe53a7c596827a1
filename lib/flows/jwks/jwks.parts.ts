import { flowParts } from '../../platform/http/flow-parts.js';
import { JwksController } from './jwks.controller.js';
import { JWKS_ENDPOINTS } from './jwks.endpoints.js';

export const JWKS = flowParts({
  level: 'basic',
  endpoints: JWKS_ENDPOINTS,
  controllers: [JwksController],
  providers: [],
});
