// Creating an account: the e-mail address is proved by a code that is sent there.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as accounts from "../api/accounts";
import { notify } from "../state/notice";
import { go, withInvitation } from "../state/route";
import { t } from "../strings";
import { loginName } from "./login";
import { Field } from "./parts/field";
import { PasswordField } from "./parts/password_field";
import { Complaint, Form, useTask } from "./parts/submit";

const secondsBetweenCodes = 60; // The server refuses another one sooner.

function useCountdown() {
  const left = useSignal(0);
  const timer = useRef<ReturnType<typeof setInterval> | undefined>(undefined);
  useEffect(() => () => clearInterval(timer.current), []);
  const start = (seconds: number) => {
    clearInterval(timer.current);
    left.value = seconds;
    timer.current = setInterval(() => {
      left.value -= 1;
      if (left.value <= 0) clearInterval(timer.current);
    }, 1000);
  };
  return { left, start };
}

export function Register() {
  const email = useSignal("");
  const code = useSignal("");
  const username = useSignal("");
  const password = useSignal("");
  const countdown = useCountdown();
  const form = useRef<HTMLDivElement>(null);

  const sending = useTask(async () => {
    const input = form.current?.querySelector<HTMLInputElement>("input[name=email]");
    if (input && !input.reportValidity()) return;
    await accounts.sendCode(email.value.trim());
    countdown.start(secondsBetweenCodes);
    notify(t.codeSent);
    form.current?.querySelector<HTMLInputElement>("input[name=code]")?.focus();
  });
  const registering = useTask(async () => {
    await accounts.register({
      username: username.value.trim(),
      email: email.value.trim(),
      password: password.value,
      code: code.value.trim(),
    });
    loginName.value = username.value.trim();
    notify(t.registered);
    go(withInvitation("/login"));
  });
  const wait = countdown.left.value;

  return (
    <div ref={form}>
      <h1>{t.register}</h1>
      <Form task={registering} action={t.register}>
        <Field label={t.email} value={email} type="email" name="email" autoComplete="email">
          <button
            class="button"
            type="button"
            disabled={sending.busy.value || wait > 0}
            onClick={() => void sending.run()}
          >
            {wait > 0 ? t.sendCodeAgain(wait) : t.sendCode}
          </button>
        </Field>
        <Complaint of={sending} />
        <Field
          label={t.mailCode}
          value={code}
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          minLength={6}
          maxLength={6}
        />
        <Field
          label={t.username}
          value={username}
          name="username"
          hint={t.usernameHint}
          autoComplete="username"
          minLength={6}
          maxLength={20}
        />
        <PasswordField value={password} autoComplete="new-password" />
      </Form>
      <p class="aside">
        {t.haveAccount} <a href={withInvitation("/login")}>{t.login}</a>
      </p>
    </div>
  );
}
