import { flowParts } from '../../platform/http/flow-parts.js';
import { LoginController } from './login.controller.js';
import { LOGIN_ENDPOINTS } from './login.endpoints.js';
import { LoginService } from './login.service.js';

export const LOGIN = flowParts({
  level: 'basic',
  endpoints: LOGIN_ENDPOINTS,
  controllers: [LoginController],
  providers: [LoginService],
});
