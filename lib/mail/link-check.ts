import type { AuthConfig } from '../config/auth-config.js';
import { problemAt } from '../config/config-problem.js';
import { valueAt } from '../config/settings.js';
import type { StartUpProblem } from '../config/start-up-error.js';
import { type EndpointKey, ENDPOINTS } from '../http/endpoints.js';
import type { Routes } from '../http/routes.js';
import type { LinkPurpose } from '../tokens/link-tokens.js';

/**
 * Where a mailed link leads: by a setting to the front end, or to a page where the back end renders them, whose form
 * posts to another endpoint.
 */
export const LINK_PAGES = {
  activation: { setting: 'activation.urlTemplate', page: 'activationPage', form: 'activateByPath' },
  'password-reset': { setting: 'passwordReset.urlTemplate', page: 'passwordResetPage', form: 'passwordResetForm' },
  'email-change': { setting: 'emailChange.urlTemplate', page: 'emailChangePage', form: 'emailChangeForm' },
  'email-change-undo': {
    setting: 'emailChange.undoUrlTemplate',
    page: 'emailChangeUndoPage',
    form: 'emailChangeUndoForm',
  },
} as const satisfies Record<LinkPurpose, { setting: string; page: EndpointKey; form: EndpointKey }>;

/** The address a link leads to by its setting; undefined where it leads to a page of this back end. */
export function urlTemplateOf(config: AuthConfig, purpose: LinkPurpose): string | undefined {
  return valueAt(config, LINK_PAGES[purpose].setting) as string | undefined;
}

/**
 * What would make a mailed link lead nowhere, now that the routes are mounted: a mistake that shows at start, not as a
 * 404 in a customer's mail.
 */
export function linkProblems(config: AuthConfig, routes: Routes): StartUpProblem[] {
  if (!config.backendLinks) return [];
  return (Object.keys(LINK_PAGES) as LinkPurpose[]).flatMap((purpose) => {
    const { setting, page, form } = LINK_PAGES[purpose];
    const urlTemplate = urlTemplateOf(config, purpose);
    if (urlTemplate !== undefined) return misdirected(urlTemplate, setting, page, config, routes);
    if (!routes.hasHttp) return [unservable(page, setting, config)];
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

/** An application context or a microservice has no routes to find the page by. */
function unservable(page: EndpointKey, setting: string, { publicUrl }: AuthConfig): StartUpProblem {
  const address = `${publicUrl}/${ENDPOINTS[page].path.replace(':token', '{token}')}`;
  return problemAt(
    setting,
    'is missing: this process has no HTTP, and cannot know where the page is that the mailed link leads to',
    `Set it to where the process that serves the pages has this one, with every prefix, such as ${address}.`,
  );
}

function unreachable(key: EndpointKey, setting: string, routes: Routes): StartUpProblem[] {
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
