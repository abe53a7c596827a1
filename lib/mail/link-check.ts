import type { AuthConfig } from '../config/auth-config.js';
import { problemAt } from '../config/config-checks.js';
import type { StartUpProblem } from '../config/start-up-error.js';
import type { EndpointKey } from '../http/endpoints.js';
import type { Routes } from '../http/routes.js';
import type { LinkPurpose } from '../tokens/link-tokens.js';

/** Where a mailed link leads when the back end renders the pages, and where the form of its page posts. */
export const LINK_PAGES = {
  activation: { page: 'activationPage', form: 'activateByPath' },
  'password-reset': { page: 'passwordResetPage', form: 'passwordResetForm' },
} as const satisfies Record<LinkPurpose, { page: EndpointKey; form: EndpointKey }>;

/** The settings of a link, by its purpose. */
export const LINK_SETTINGS = {
  activation: 'activation',
  'password-reset': 'passwordReset',
} as const satisfies Record<LinkPurpose, keyof AuthConfig>;

/**
 * What would make a mailed link lead nowhere, now that the routes are mounted: a mistake that shows at start, not as a
 * 404 in a customer's mail.
 */
export function linkProblems(config: AuthConfig, routes: Routes): StartUpProblem[] {
  if (!config.backendLinks) return [];
  return (Object.keys(LINK_PAGES) as LinkPurpose[]).flatMap((purpose) => {
    const { page, form } = LINK_PAGES[purpose];
    const setting = `${LINK_SETTINGS[purpose]}.urlTemplate`;
    const { urlTemplate } = config[LINK_SETTINGS[purpose]];
    if (urlTemplate !== undefined) return misdirected(urlTemplate, setting, page, config, routes);
    return [page, form].flatMap((key) => unreachable(key, setting, routes));
  });
}

/** An address of our own that ends like the page, but does not lead there: most likely a prefix is missing. */
function misdirected(
  urlTemplate: string,
  setting: string,
  page: EndpointKey,
  { publicUrl }: AuthConfig,
  routes: Routes,
): StartUpProblem[] {
  const route = routes.find(page);
  const { origin, pathname } = new URL(urlTemplate.replace('{token}', ':token'));
  if (!route || origin !== publicUrl) return [];
  const mounted = routes.pathOf(route);
  if (pathname === mounted || !pathname.endsWith(`/${route.path}`)) return [];
  return [
    problemAt(
      setting,
      `points to a page of this back end, but not to where it is mounted, ${mounted}`,
      'Leave it out: the link is then built from the route; or correct its path.',
    ),
  ];
}

function unreachable(key: EndpointKey, setting: string, routes: Routes): StartUpProblem[] {
  const path = `routes.paths.${key}`;
  const route = routes.find(key);
  if (!route) {
    return [
      {
        path,
        message: 'is not mounted in this process, but a mailed link leads to it',
        fix: `Leave it on; or set ${setting} to where the link shall lead, as a process without HTTP must.`,
      },
    ];
  }
  const unknown =
    routes
      .pathOf(route)
      .match(/:\w+/g)
      ?.filter((name) => name !== ':token') ?? [];
  if (unknown.length === 0) return [];
  return [
    {
      path,
      message: `is mounted below a prefix with ${unknown.join(' and ')}, which a mailed link cannot fill in`,
      fix: `Mount the module below a prefix without parameters, or set ${setting} to where the link shall lead.`,
    },
  ];
}
