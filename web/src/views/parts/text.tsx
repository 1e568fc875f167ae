// What somebody wrote, as elements: see markdown.ts.
// SPDX-License-Identifier: MIT
import type { Token, Tokens } from "marked";
import type { ComponentChildren } from "preact";
import type { User } from "../../api/model";
import { isSafeLink, tokensOf } from "../../markdown";
import { splitMentions } from "../../names";
import { me } from "../../state/session";

interface Context {
  members: User[];
}

// One to three emoji and nothing else: said large.
const sign = "\\p{Extended_Pictographic}";
const emojiOnly = new RegExp(
  `^(?:${sign}(?:\\p{Emoji_Modifier}|\\u200d${sign}|\\ufe0f)*\\s*){1,3}$`,
  "u",
);

function Words({ text, members }: { text: string } & Context) {
  return (
    <>
      {splitMentions(text, members).map((piece) =>
        typeof piece === "string" ? (
          piece
        ) : (
          <span class={`mention ${piece.user.id === me.value?.id ? "of-me" : ""}`}>
            {piece.text}
          </span>
        ),
      )}
    </>
  );
}

function Link({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

function List({ list, members }: { list: Tokens.List } & Context) {
  const items = list.items.map((item) => (
    <li class={item.task ? "task" : ""}>
      {item.task && <span aria-hidden="true">{item.checked ? "☑ " : "☐ "}</span>}
      <Tokens tokens={item.tokens} members={members} />
    </li>
  ));
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function One({ token, members }: { token: Token } & Context) {
  const inner = <Tokens tokens={("tokens" in token && token.tokens) || []} members={members} />;
  switch (token.type) {
    case "paragraph":
      return <p>{inner}</p>;
    case "strong":
      return <strong>{inner}</strong>;
    case "em":
      return <em>{inner}</em>;
    case "del":
      return <del>{inner}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "code":
      return (
        <pre tabIndex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{inner}</blockquote>;
    case "list":
      return <List list={token as Tokens.List} members={members} />;
    case "br":
      return <br />;
    case "space":
      return null;
    case "link": {
      const { href } = token as Tokens.Link;
      return isSafeLink(href) ? <Link href={href}>{inner}</Link> : <>{token.raw}</>;
    }
    case "image": {
      // Not loaded: a picture from elsewhere would tell elsewhere who reads.
      const { href, text } = token as Tokens.Image;
      return isSafeLink(href) ? <Link href={href}>{text || href}</Link> : <>{token.raw}</>;
    }
    default:
      if ("tokens" in token && token.tokens) return inner;
      return <Words text={"text" in token ? String(token.text) : token.raw} members={members} />;
  }
}

function Tokens({ tokens, members }: { tokens: Token[] } & Context) {
  return (
    <>
      {tokens.map((token) => (
        <One token={token} members={members} />
      ))}
    </>
  );
}

export function Text({ content, members }: { content: string } & Context) {
  return (
    <div class={`bubble ${emojiOnly.test(content) ? "emoji-only" : ""}`}>
      <Tokens tokens={tokensOf(content)} members={members} />
    </div>
  );
}
