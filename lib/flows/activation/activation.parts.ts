import { flowParts } from '../../platform/http/flow-parts.js';
import { ActivationByPathController, ActivationController } from './activation.controller.js';
import { ACTIVATION_ENDPOINTS } from './activation.endpoints.js';
import { ActivationPages } from './activation.pages.js';
import { ActivationService } from './activation.service.js';

export const ACTIVATION = flowParts({
  level: 'complete',
  endpoints: ACTIVATION_ENDPOINTS,
  controllers: [ActivationController],
  pages: [ActivationPages],
  insteadOfPages: [ActivationByPathController],
  providers: [ActivationService],
});
