// Starts the page: the session that this browser remembers, the chat, and the view.
// SPDX-License-Identifier: MIT
import { render } from "preact";
import { startAlerts } from "./state/alerts";
import { startChat } from "./state/chat";
import { startMembers } from "./state/members";
import { followLinks } from "./state/route";
import { startSession } from "./state/session";
import { startWriting } from "./state/writing";
import "./styles/ground.css";
import "./styles/controls.css";
import "./styles/frame.css";
import "./styles/pages.css";
import "./styles/chat.css";
import "./styles/composer.css";
import "./styles/dialogs.css";
import "./styles/admin.css";
import "./styles/narrow.css";
import { App } from "./views/app";

followLinks();
startSession();
startMembers();
startWriting();
startChat();
startAlerts();
render(<App />, document.getElementById("app")!);
