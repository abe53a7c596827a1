import { flowParts } from '../../platform/http/flow-parts.js';
import { AccountDeletionService } from './account-deletion.service.js';
import { AccountExportService } from './account-export.service.js';
import { AccountController } from './account.controller.js';
import { ProfileController } from './profile.controller.js';
import { PROFILE_ENDPOINTS } from './profile.endpoints.js';
import { ProfileService } from './profile.service.js';

export const PROFILE = flowParts({
  level: 'basic',
  endpoints: PROFILE_ENDPOINTS,
  controllers: [ProfileController],
  providers: [ProfileService],
  complete: { controllers: [AccountController], providers: [AccountDeletionService, AccountExportService] },
});
