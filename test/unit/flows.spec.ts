import { describe, expect, it } from 'vitest';
import { ENDPOINTS, FLOWS } from '../../lib/module/flows.js';
import { flowsOf } from '../../lib/module/levels/level-parts.js';
import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import { pathsOf } from '../../lib/platform/http/endpoint-paths.js';
import { mountControllers, plannedRoutes } from '../../lib/platform/http/mount-controller.js';
import type { PlannedRoute } from '../../lib/platform/http/planned-routes.js';
import { filesIn } from '../support/package-files.js';

const ALL = FLOWS.flatMap(({ endpoints }) => Object.values<Endpoint>(endpoints));

describe('the list of flows', () => {
  it('has every folder of lib/flows', () => {
    const folders = new Set(filesIn('lib/flows').map((file) => file.split('/')[0]!));
    const parts = new Set([...folders].map((folder) => `${folder}/${folder}.parts.ts`));
    expect(filesIn('lib/flows').filter((file) => parts.has(file))).toHaveLength(folders.size);
    expect(FLOWS).toHaveLength(folders.size);
    expect([...folders]).toEqual(expect.arrayContaining(ALL.map(({ flow }) => flow)));
  });

  it('has no two endpoints of one name', () => {
    expect(Object.keys(ENDPOINTS)).toEqual(ALL.map(({ key }) => key));
  });

  it.each([true, false])('has a handler for every endpoint, with pages: %s', (backendLinks) => {
    const { controllers } = flowsOf('complete', backendLinks);
    const handled = plannedRoutes(controllers, pathsOf(ENDPOINTS, {})).map(({ endpoint }) => endpoint.key);
    const wanted = ALL.filter(({ pages }) => backendLinks || !pages).map(({ key }) => key);
    expect(handled.toSorted()).toEqual(wanted.toSorted());
  });
});

/** True where Express would answer every request for `later` by `earlier`. */
const shadows = (earlier: PlannedRoute, later: PlannedRoute) =>
  earlier.endpoint.method === later.endpoint.method &&
  new RegExp(`^${earlier.path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`).test(later.path);

describe('the order of routes', () => {
  it.each(['default', 'forge'] as const)('leaves every route of %s in reach, whatever the order of flows', (preset) => {
    const paths = pathsOf(ENDPOINTS, { preset });
    const { controllers } = flowsOf('complete', true);
    for (const order of [controllers, controllers.toReversed()]) {
      const routes = plannedRoutes(mountControllers(order, paths), paths);
      const hidden = routes.filter((route, index) => routes.slice(0, index).some((other) => shadows(other, route)));
      expect(hidden.map(({ endpoint }) => endpoint.key)).toEqual([]);
    }
  });
});
