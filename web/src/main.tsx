// Starts the page: the session that this browser remembers, the chat, and the view.
// SPDX-License-Identifier: MIT
import { render } from "preact";
import { startChat } from "./state/chat";
import { followLinks } from "./state/route";
import { startSession } from "./state/session";
import { t } from "./strings";
import "./style.css";
import { App } from "./views/app";

document.documentElement.lang = t.language;
followLinks();
startSession();
startChat();
render(<App />, document.getElementById("app")!);
