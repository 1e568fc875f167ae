// One labelled line of a form, its hint tied to it for screen readers.
// SPDX-License-Identifier: MIT
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../../strings";

interface Properties {
  label: string;
  value: Signal<string>;
  hint?: string;
  type?: "text" | "email" | "password";
  name?: string;
  autoComplete?: string;
  inputMode?: "text" | "numeric";
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  isOptional?: boolean;
  takesFocus?: boolean;
  children?: ComponentChildren; // A control at the end of the line, such as a button.
}

export function Field(properties: Properties) {
  const { label, value, hint, isOptional, takesFocus, children, type = "text" } = properties;
  const { name, autoComplete, inputMode, minLength, maxLength, pattern } = properties;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // The attribute autofocus works once per document, and this page never loads a second one.
  useEffect(() => {
    if (takesFocus) input.current?.focus();
  }, []);
  return (
    <div class="field">
      <label for={id}>
        {label}
        {isOptional && <span class="quiet"> · {t.optional}</span>}
      </label>
      <div class="line">
        <input
          ref={input}
          {...{ name, autoComplete, inputMode, minLength, maxLength, pattern }}
          type={type as "text"} // The types of an input know only one kind at a time.
          id={id}
          title={hint}
          aria-describedby={hint && `${id}-hint`}
          required={!isOptional}
          value={value}
          onInput={(event) => (value.value = event.currentTarget.value)}
        />
        {children}
      </div>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
