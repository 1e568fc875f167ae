// The part of Markdown that chats are written in: emphasis, code, links, quotes and lists.
//
// A message is read into tokens, and the view draws elements from the tokens. No HTML is ever made
// from what somebody wrote, so there is none to be cleaned: a tag is text like any other. What
// belongs to documents, such as headings, tables and pictures from elsewhere, stays text as well.
// SPDX-License-Identifier: MIT
import { Lexer, type Token, Tokenizer, type Tokens } from "marked";

// What stands at the end of a link is more often the sentence's than the link's; Chinese
// punctuation is never part of one.
const link =
  /^https?:\/\/[^\s<>"，。；：！？、（）】」]*[^\s<>"，。；：！？、（）】」.,;:!?'()[\]{}*_~]/iu;

class ChatTokenizer extends Tokenizer {
  override url(source: string): Tokens.Link | undefined {
    const raw = link.exec(source)?.[0];
    if (raw === undefined) return undefined;
    const text: Tokens.Text = { type: "text", raw, text: raw, escaped: false };
    return { type: "link", raw, text: raw, href: raw, tokens: [text] };
  }
  override code(): undefined {}
  override heading(): undefined {}
  override lheading(): undefined {}
  override hr(): undefined {}
  override html(): undefined {}
  override tag(): undefined {}
  override def(): undefined {}
  override table(): undefined {}
  override reflink(): undefined {}
}

export const isSafeLink = (href: string) => /^(https?:\/\/|mailto:)/i.test(href);

export function tokensOf(content: string): Token[] {
  return new Lexer({ gfm: true, breaks: true, tokenizer: new ChatTokenizer() }).lex(content);
}

const lineBreak: Token = { type: "br", raw: "\n" };

// The same in one line and without any signs.
export function plainText(content: string): string {
  const texts: string[] = [];
  const walk = (tokens: Token[]) => {
    for (const token of tokens) {
      if (token.type === "list") {
        for (const item of (token as Tokens.List).items) walk([...item.tokens, lineBreak]);
      } else if ("tokens" in token && token.tokens) walk(token.tokens);
      else if (token.type === "space" || token.type === "br") texts.push(" ");
      else texts.push("text" in token ? String(token.text) : token.raw);
    }
  };
  for (const token of tokensOf(content.slice(0, 300))) {
    walk([token]);
    texts.push(" ");
  }
  return texts.join("").replace(/\s+/g, " ").trim();
}
