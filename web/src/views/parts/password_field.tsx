// A password with a switch that shows it, and the rule where a new one is chosen.
// SPDX-License-Identifier: MIT
import { type Signal, useSignal } from "@preact/signals";
import { t } from "../../strings";
import { Field } from "./field";
import { Icon } from "./icon";

const rule = "(?=.*[0-9])(?=.*[A-Z])(?=.*[a-z])(?=.*[!@#$%^&*;',.]).*";

interface Properties {
  value: Signal<string>;
  autoComplete: "current-password" | "new-password";
}

export function PasswordField({ value, autoComplete }: Properties) {
  const isShown = useSignal(false);
  const isNew = autoComplete === "new-password";
  return (
    <Field
      label={t.password}
      value={value}
      name="password"
      type={isShown.value ? "text" : "password"}
      autoComplete={autoComplete}
      {...(isNew ? { pattern: rule, hint: t.passwordHint } : {})}
    >
      <button
        class="icon-button in-line"
        type="button"
        aria-label={isShown.value ? t.hidePassword : t.showPassword}
        aria-pressed={isShown.value}
        onClick={() => (isShown.value = !isShown.value)}
      >
        <Icon name="eye" />
      </button>
    </Field>
  );
}
