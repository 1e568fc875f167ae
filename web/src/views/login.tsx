// Logging in: a name or an e-mail address, a password, and what the captcha shows.
// SPDX-License-Identifier: MIT
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import * as accounts from "../api/accounts";
import { ApiError } from "../api/http";
import { go, route, withInvitation } from "../state/route";
import { openSession } from "../state/session";
import { t } from "../strings";
import { Field } from "./parts/field";
import { Icon } from "./parts/icon";
import { PasswordField } from "./parts/password_field";
import { Form, useTask } from "./parts/submit";

// Outlives the view, so that a fresh account finds its name filled in.
export const loginName = signal("");

// Names one captcha. crypto.randomUUID() is missing where the page came over plain HTTP from
// another machine, which is how a self-hosted server is often first opened.
function newUid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function useCaptcha() {
  const uid = useSignal("");
  const pictureUrl = useSignal("");
  const drop = () => {
    if (pictureUrl.peek() !== "") URL.revokeObjectURL(pictureUrl.peek());
    pictureUrl.value = "";
  };
  const renew = async () => {
    const asked = newUid();
    uid.value = asked;
    try {
      const picture = await accounts.captcha(asked);
      if (uid.peek() !== asked) return;
      drop();
      pictureUrl.value = URL.createObjectURL(picture);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      drop(); // The empty frame stays a button that tries again.
    }
  };
  useEffect(() => {
    void renew();
    return () => {
      uid.value = "";
      drop();
    };
  }, []);
  return { uid, pictureUrl, renew };
}

export function Login() {
  const password = useSignal("");
  const code = useSignal("");
  const captcha = useCaptcha();

  const renewCaptcha = () => {
    code.value = "";
    void captcha.renew();
  };
  const login = async () => {
    const { token } = await accounts.login({
      loginName: loginName.value.trim(),
      password: password.value,
      code: code.value.trim(),
      uid: captcha.uid.value,
    });
    openSession(token);
    if (route.value.name !== "group") go(withInvitation("/"), { replace: true });
  };
  // A captcha is good for one attempt.
  const task = useTask(login, renewCaptcha);

  return (
    <>
      <h1>{t.login}</h1>
      <Form task={task} action={t.login}>
        <Field label={t.loginName} value={loginName} name="username" autoComplete="username" />
        <PasswordField value={password} autoComplete="current-password" />
        <Field
          label={t.captcha}
          value={code}
          name="captcha"
          autoComplete="off"
          minLength={4}
          maxLength={8}
        >
          <button
            class="captcha"
            type="button"
            onClick={renewCaptcha}
            aria-label={t.newCaptcha}
            title={t.newCaptcha}
          >
            {captcha.pictureUrl.value === "" ? (
              <Icon name="refresh" />
            ) : (
              <img src={captcha.pictureUrl.value} alt={t.captchaPicture} width="100" height="35" />
            )}
          </button>
        </Field>
      </Form>
      <p class="aside">
        {t.noAccount} <a href={withInvitation("/register")}>{t.register}</a>
      </p>
    </>
  );
}
