import type { Provider, Type } from '@nestjs/common';
import type { Level } from '../config/levels.js';
import type { Endpoints } from './endpoint.js';

/** What a flow consists of: its folder holds all of it, and the list of flows names it. */
export interface FlowParts<K extends string = string> {
  /** The least level that has the flow. */
  readonly level: Level;
  readonly endpoints: Endpoints<K>;
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
  /** What level complete adds to a flow that level basic has as well. */
  readonly complete?: Pick<FlowParts, 'controllers' | 'providers'>;
  /** Controllers of the pages, where the back end renders them (mode E). */
  readonly pages?: readonly Type[];
  /** Controllers in place of the pages, where links lead to a front end. */
  readonly insteadOfPages?: readonly Type[];
}

/** States the parts of a flow. A function, so that the names of its endpoints are all that its type tells. */
export function flowParts<K extends string>(parts: FlowParts<K>): FlowParts<K> {
  return parts;
}
