import { flowParts } from '../../platform/http/flow-parts.js';
import { OperatorService } from './operators.service.js';

export const OPERATORS = flowParts({
  level: 'complete',
  endpoints: {},
  controllers: [],
  providers: [OperatorService],
});
