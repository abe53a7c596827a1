import { editedFields } from './account.js';
import { info, loadInfo, routeOf, send, session } from './api.js';
import { clearConversation, seeAnswer, showExchange } from './conversation.js';
import { link, takeLinkToken } from './links.js';
import { failed, failureText, succeeded } from './outcomes.js';
import { $, $$, clearProblems, el, fieldsOf, showProblems, showStatus, suggest, tell } from './page.js';

const MODES = {
  A: 'links arrive by mail',
  B: 'mails stay on this machine',
  C: 'no mail is sent: links come with the answer',
  D: 'no mail is sent: signing up signs you in',
  E: 'links arrive by mail and open pages of the back end',
};

/** Makes the call a form or button stands for, shows the exchange, and tells its outcome beside the button. */
async function run(trigger) {
  await ready;
  const { call, id } = trigger.dataset;
  const route = routeOf(call, id);
  const form = trigger.closest('form');
  const button = trigger === form ? $('button:not([type])', form) : trigger;
  const outcome = $('.outcome', form ?? trigger.closest('.card'));
  if (button.ariaBusy === 'true') return;
  clearProblems(form, outcome);
  if (button.ariaDisabled === 'true') return tell(outcome, 'bad', 'Log in first: there is no session to do this with.');
  if (!route) return tell(outcome, 'bad', 'The back end does not serve this.');

  const sent = route.method === 'GET' ? undefined : bodyOf(call, route, trigger === form && form);
  button.ariaBusy = 'true';
  const answer = await send(route, sent);
  button.ariaBusy = 'false';
  showExchange(route, sent, answer);
  if (answer.ok) {
    if (form) for (const input of $$('input[type="password"], input[name="token"]', form)) input.value = '';
    return tell(outcome, 'good', [succeeded[call](answer.body, sent, trigger), ' ', seeAnswer()].flat());
  }
  failed(route, answer.status);
  if (form) showProblems(form, answer.body?.errors ?? []);
  tell(outcome, 'bad', [failureText(answer), ' ', seeAnswer()]);
}

/** What a call sends; with cookie delivery the refresh token travels by itself. */
function bodyOf(call, route, form) {
  if (route.withRefreshToken) return session.refresh ? { refresh_token: session.refresh } : undefined;
  if (call === 'editProfile') return editedFields();
  return form ? fieldsOf(form) : undefined;
}

/** Says what the back end is like, and shows only what it serves, where it serves it. */
async function showInfo() {
  await loadInfo();
  for (const trigger of $$('[data-call]')) {
    const route = routeOf(trigger.dataset.call);
    (trigger.closest('.steps li, details') ?? trigger).hidden = !route;
    if (route && trigger.matches('.action')) $('code', trigger).textContent = `${route.method} ${route.path}`;
  }
  if (info.token_delivery === 'cookie') $('#storage').textContent = $('#storage').dataset.cookie;
  showStatus();
  const meaning = MODES[info.mode];
  if (!meaning) return;
  const mode = el('strong', {}, `Mode ${info.mode} (${info.mode_name})`);
  const where = info.mail_catcher_url ? ['. Your mails are at ', link(info.mail_catcher_url)] : [];
  const keys = info.jwks_url ? ['. Tokens can be verified with the keys at ', link(info.jwks_url)] : [];
  $('#banner').replaceChildren(mode, `: ${meaning}`, ...where, ...keys, '.');
  $('#banner').hidden = false;
}

document.addEventListener('submit', (event) => {
  event.preventDefault();
  void run(event.target);
});
document.addEventListener('click', ({ target }) => {
  const button = target.closest('button[data-call]');
  if (button) void run(button);
});
$('#clear').addEventListener('click', clearConversation);
window.addEventListener('hashchange', takeLinkToken);
setInterval(showStatus, 1000);
suggest('signup');
showStatus();
takeLinkToken();
const ready = showInfo();
