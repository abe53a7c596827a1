import { flowParts } from '../../platform/http/flow-parts.js';
import { OperatorsService } from './operators.service.js';

export const OPERATORS = flowParts({
  level: 'complete',
  endpoints: {},
  controllers: [],
  providers: [OperatorsService],
});
