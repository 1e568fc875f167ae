// What the reader chooses for this device: language, look, and how new messages are told.
// SPDX-License-Identifier: MIT
import type { Signal } from "@preact/signals";
import { allowNotifications, canNotify, ring } from "../state/alerts";
import { notify } from "../state/notice";
import { notifications, sound, theme, themes } from "../state/settings";
import { chooseLanguage, type Language, language, languages, t } from "../strings";

interface Choice<T extends string> {
  label: string;
  name: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChoose: (value: T) => void;
}

function Choices<T extends string>({ label, name, options, value, onChoose }: Choice<T>) {
  return (
    <fieldset class="choices">
      <legend>{label}</legend>
      <div>
        {options.map(([each, words]) => (
          <label key={each}>
            <input
              type="radio"
              name={name}
              checked={each === value}
              onChange={() => onChoose(each)}
            />
            <span>{words}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface SwitchProperties {
  label: string;
  hint?: string;
  value: Signal<"on" | "off">;
  allow: () => Promise<boolean>;
}

function Switch({ label, hint, value, allow }: SwitchProperties) {
  const change = async (isOn: boolean) => {
    value.value = isOn && (await allow()) ? "on" : "off";
  };
  return (
    <label class="switch">
      <span>
        {label}
        {hint && <span class="hint">{hint}</span>}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={value.value === "on"}
        onChange={(event) => {
          const { checked } = event.currentTarget;
          event.currentTarget.checked = value.peek() === "on"; // Until it is allowed.
          void change(checked);
        }}
      />
    </label>
  );
}

export function LanguageChoice() {
  return (
    <Choices<Language>
      label={t.languageName}
      name="language"
      value={language.value}
      options={(Object.keys(languages) as Language[]).map(
        (each) => [each, languages[each].ownName] as const,
      )}
      onChoose={chooseLanguage}
    />
  );
}

export function Settings() {
  const allow = async () => {
    const isAllowed = canNotify() && (await allowNotifications());
    if (!isAllowed) notify(t.notificationsBlocked, "error");
    return isAllowed;
  };
  return (
    <>
      <section class="group-of-settings" aria-labelledby="look">
        <h2 id="look">{t.theme}</h2>
        <Choices
          label={t.look}
          name="theme"
          value={theme.value}
          options={themes.map((each) => [each, t.themes[each]] as const)}
          onChoose={(next) => (theme.value = next)}
        />
        <LanguageChoice />
      </section>
      <section class="group-of-settings" aria-labelledby="alerts">
        <h2 id="alerts">{t.alerts}</h2>
        <Switch
          label={t.notifications}
          hint={t.notificationsHint}
          value={notifications}
          allow={allow}
        />
        <Switch
          label={t.sound}
          value={sound}
          allow={async () => {
            ring();
            return true;
          }}
        />
      </section>
    </>
  );
}
