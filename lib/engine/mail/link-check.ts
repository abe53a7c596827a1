import type { AuthConfig } from '../../platform/config/auth-config.js';
import { problemAt } from '../../platform/config/config-problem.js';
import { valueAt } from '../../platform/config/settings.js';
import type { StartUpProblem } from '../../platform/config/start-up-error.js';
import type { Routes } from '../../platform/http/routes.js';
import { LINK_PURPOSES, type LinkPurpose, linkPurpose } from '../../platform/common/purposes.js';

/** The address a link leads to by its setting; undefined where it leads to a page of this back end. */
export function urlTemplateOf(config: AuthConfig, purpose: LinkPurpose): string | undefined {
  return valueAt(config, linkPurpose(purpose).url.path) as string | undefined;
}

/**
 * What would make a mailed link lead nowhere, now that the routes are mounted: a mistake that shows at start, not as a
 * 404 in a customer's mail.
 */
export function linkProblems(config: AuthConfig, routes: Routes): StartUpProblem[] {
  if (!config.backendLinks) return [];
  return LINK_PURPOSES.flatMap((purpose) => {
    const { url, page, form } = linkPurpose(purpose);
    const setting = url.path;
    const urlTemplate = urlTemplateOf(config, purpose);
    if (urlTemplate !== undefined) return misdirected(urlTemplate, setting, page, config, routes);
    if (!routes.hasHttp) return [unservable(setting)];
    return [page, form].flatMap((key) => unreachable(key, setting, routes));
  });
}

/** An address of our own that ends like the page, but does not lead there: most likely a prefix is missing. */
function misdirected(
  urlTemplate: string,
  setting: string,
  page: string,
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

/** An application context or a microservice has no routes to find the page by. */
function unservable(setting: string): StartUpProblem {
  return problemAt(
    setting,
    'is missing: this process has no HTTP, and cannot know where the page is that the mailed link leads to',
    'Set it to where the process that serves the pages has this one, with every prefix, and {token} for the token.',
  );
}

function unreachable(key: string, setting: string, routes: Routes): StartUpProblem[] {
  const path = `routes.paths.${key}`;
  const route = routes.find(key);
  if (!route) {
    return [
      {
        path,
        message: 'is not mounted, but a mailed link leads to it',
        fix: `Leave it on; or set ${setting} to where the link shall lead.`,
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
