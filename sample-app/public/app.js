import { info, loadInfo, routes, send, session } from './api.js';
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
  const name = trigger.dataset.call;
  const route = routes[name];
  const form = trigger.matches('form') ? trigger : null;
  const button = form ? $('button', form) : trigger;
  const outcome = $('.outcome', form ?? trigger.closest('.card'));
  if (button.ariaBusy === 'true') return;
  clearProblems(form, outcome);
  if (button.ariaDisabled === 'true') return tell(outcome, 'bad', 'Log in first: there is no session to do this with.');

  button.ariaBusy = 'true';
  const sent = route.fromSession ? { refresh_token: session.refresh } : form && fieldsOf(form);
  const answer = await send(route, sent);
  button.ariaBusy = 'false';
  showExchange(route, sent, answer);
  if (answer.ok) {
    if (form) for (const input of $$('input[type="password"], input[name="token"]', form)) input.value = '';
    return tell(outcome, 'good', [succeeded[name](answer.body, sent), ' ', seeAnswer()].flat());
  }
  failed(route, answer.status);
  if (form) showProblems(form, answer.body?.errors ?? []);
  tell(outcome, 'bad', [failureText(answer), ' ', seeAnswer()]);
}

async function showMode() {
  await loadInfo();
  const meaning = MODES[info.mode];
  if (!meaning) return;
  const where = info.mail_catcher_url ? ['. Your mails are at ', link(info.mail_catcher_url)] : [];
  const mode = el('strong', {}, `Mode ${info.mode} (${info.mode_name})`);
  $('#banner').replaceChildren(mode, `: ${meaning}`, ...where, '.');
  $('#banner').hidden = false;
}

for (const form of $$('form')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run(form);
  });
}
for (const button of $$('button[data-call]')) button.addEventListener('click', () => void run(button));
$('#clear').addEventListener('click', clearConversation);
window.addEventListener('hashchange', takeLinkToken);
setInterval(showStatus, 1000);
suggest('signup');
showStatus();
takeLinkToken();
void showMode();
