// The frame of the page: which view is shown, and the news that concern all of them.
// SPDX-License-Identifier: MIT
import { Fragment } from "preact";
import { connection, conversations, isListLoaded, openConversation } from "../state/chat";
import { dismissNotice, notice } from "../state/notice";
import { route } from "../state/route";
import { me, token } from "../state/session";
import { language, t } from "../strings";
import { Admin } from "./admin";
import { Chat } from "./chat";
import { ConversationList } from "./conversation_list";
import { CreateGroup } from "./create_group";
import { Entrance } from "./entrance";
import { GroupPanel } from "./group_panel";
import { JoinGroup } from "./join_group";
import { Icon } from "./parts/icon";
import { Page } from "./parts/page";
import { Profile } from "./profile";

function Content() {
  const place = route.value;
  switch (place.name) {
    case "create":
      return <CreateGroup />;
    case "join":
      return <JoinGroup />;
    case "admin":
      return <Admin />;
    case "profile":
      return me.value && <Profile key={me.value.id} user={me.value} />;
    case "group": {
      const conversation = openConversation.value;
      if (!conversation) {
        return (
          isListLoaded.value && (
            <Page title={t.conversations}>
              <p>{t.noSuchGroup}</p>
            </Page>
          )
        );
      }
      return (
        <>
          <Chat key={place.id} group={conversation.group} showsPanel={place.showsPanel} />
          {place.showsPanel && <GroupPanel key={place.id} groupId={place.id} />}
        </>
      );
    }
    default:
      return (
        <div class="nothing at-rest">
          <img src="/favicon.svg" alt="" width="72" height="72" />
          <h1>
            {isListLoaded.value && conversations.value.length === 0
              ? t.tagline
              : t.pickConversation}
          </h1>
        </div>
      );
  }
}

function Toast() {
  const shown = notice.value;
  return (
    <div class="toasts" role={shown?.kind === "error" ? "alert" : "status"}>
      {shown && (
        <p class={`toast ${shown.kind}`}>
          {shown.text}
          <button class="icon-button" type="button" aria-label={t.close} onClick={dismissNotice}>
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}

function Shell() {
  const isHome = ["home", "login", "register"].includes(route.value.name);
  const isPanelOpen = route.value.name === "group" && route.value.showsPanel;
  return (
    <div class={`shell ${isHome ? "at-list" : "at-content"} ${isPanelOpen ? "with-panel" : ""}`}>
      <div role="status" class="banner-place">
        {connection.value === "offline" && <p class="banner">{t.offline}</p>}
      </div>
      <ConversationList />
      <main class="content">
        <Content />
      </main>
    </div>
  );
}

export function App() {
  // Another language is another page: everything is drawn anew.
  return (
    <Fragment key={language.value}>
      {token.value === null ? <Entrance /> : <Shell />}
      <Toast />
    </Fragment>
  );
}
