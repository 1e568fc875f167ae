// What a visitor without a session sees around the forms: the name and what it is.
// SPDX-License-Identifier: MIT
import { invitation, route } from "../state/route";
import { t } from "../strings";
import { Login } from "./login";
import { Register } from "./register";
import { LanguageChoice } from "./settings";

export function Entrance() {
  return (
    <main class="entrance">
      <header class="brand">
        <img src="/favicon.svg" alt="" width="56" height="56" />
        <p class="wordmark">Coterie</p>
        <p class="quiet">{t.tagline}</p>
      </header>
      <div class="card">
        {invitation.value !== "" && <p class="note">{t.invited}</p>}
        {route.value.name === "register" ? <Register /> : <Login />}
      </div>
      <footer>
        <LanguageChoice />
      </footer>
    </main>
  );
}
