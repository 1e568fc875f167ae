// SPDX-License-Identifier: MIT
import { render } from "preact";
import { expect, test } from "vitest";
import { plainText } from "../src/markdown";
import { matchMembers, mentionBefore, splitMentions } from "../src/names";
import { me } from "../src/state/session";
import { Text } from "../src/views/parts/text";
import { jonas, mira } from "./server";

function html(content: string): string {
  const root = document.createElement("div");
  render(<Text content={content} members={[mira, jonas]} />, root);
  return root.firstElementChild!.innerHTML;
}

test("emphasis, code, quotes and lists are drawn", () => {
  expect(html("**a** *b* ~~c~~ `d*`")).toBe(
    "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d*</code></p>",
  );
  expect(html("- a\n- b")).toBe('<ul><li class="">a</li><li class="">b</li></ul>');
  expect(html("> a\n> b")).toBe("<blockquote><p>a<br>b</p></blockquote>");
  expect(html("```js\nlet <a>\n```")).toBe('<pre tabindex="0"><code>let &lt;a&gt;</code></pre>');
});

test("what belongs to documents stays as it was written", () => {
  for (const text of ["# a", "    a", "---", "| a |\n|---|\n| b |", "[a]: b.example"]) {
    const root = document.createElement("div");
    root.innerHTML = html(text).replaceAll("<br>", "\n");
    expect(root.textContent).toBe(text);
    expect(root.querySelector("h1, h2, hr, table, pre, a")).toBeNull();
  }
});

test("no tag, no picture and no address of a script gets through", () => {
  const attacks = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<b onmouseover=alert(1)>a</b>",
    "[a](javascript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:x)",
    "![a](javascript:alert(1))",
    "![a](http://elsewhere.example/pixel.png)",
    "<javascript:alert(1)>",
    "[a](JaVaScRiPt:alert(1))",
    "[a](&#106;avascript:alert(1))",
    '[a](http://a.example "\\" onmouseover=alert(1)")',
    "`<img src=x>`\n\n```\n<svg onload=alert(1)>\n```",
  ];
  for (const attack of attacks) {
    const root = document.createElement("div");
    root.innerHTML = html(attack);
    for (const element of root.querySelectorAll("*")) {
      expect(element.tagName).toMatch(/^(P|A|CODE|PRE|BR)$/);
      for (const { name, value } of element.attributes) {
        expect(name).toMatch(/^(href|target|rel|tabindex|class)$/);
        if (name === "href") expect(value).toMatch(/^https?:/);
      }
    }
  }
});

test("links end where the sentence goes on", () => {
  const links = (text: string) => [...html(text).matchAll(/href="([^"]*)"/g)].map((hit) => hit[1]);
  expect(links("see https://a.example/x?y=1. (or http://b.example)")).toEqual([
    "https://a.example/x?y=1",
    "http://b.example",
  ]);
  expect(links("看https://a.example/x。好")).toEqual(["https://a.example/x"]);
  expect(links("**https://a.example/x**")).toEqual(["https://a.example/x"]);
  expect(links("javascript:alert(1)")).toEqual([]);
});

test("members are mentioned by either of their names, strangers are not", () => {
  me.value = mira;
  expect(html("hi @jonas77, @mira_k and @nobody")).toBe(
    '<p>hi <span class="mention ">@jonas77</span>, ' +
      '<span class="mention of-me">@mira_k</span> and @nobody</p>',
  );
  expect(splitMentions("a@mira_k @mira_kitten", [mira])).toEqual(["a@mira_k @mira_kitten"]);
  const moon = { ...jonas, nickname: "林月" };
  expect(splitMentions("@林月你好", [moon])).toEqual([{ user: moon, text: "@林月" }, "你好"]);
});

test("the word behind @ is found at the cursor", () => {
  expect(mentionBefore("hi @mi", 6)).toBe("mi");
  expect(mentionBefore("@", 1)).toBe("");
  expect(mentionBefore("hi @mi there", 12)).toBeNull();
  expect(mentionBefore("me@mi", 5)).toBeNull();
  expect(matchMembers([mira, jonas], "as", 5)).toEqual([jonas]);
});

test("a line of a list shows words without signs", () => {
  expect(plainText("**Bring** a [coat](http://a.example)\n- and\n- cake")).toBe(
    "Bring a coat and cake",
  );
  expect(plainText("> a\n\n`b`")).toBe("a b");
});

test("a few emoji alone are said large", () => {
  const isLarge = (content: string) => {
    const root = document.createElement("div");
    render(<Text content={content} members={[]} />, root);
    return root.firstElementChild!.classList.contains("emoji-only");
  };
  for (const text of ["👍", "❤️", "👍🏽 🎉", "👩‍👩‍👧‍👦"])
    expect([text, isLarge(text)]).toEqual([text, true]);
  for (const text of ["a", "👍 ok", "🎉🎉🎉🎉", "3", ""])
    expect([text, isLarge(text)]).toEqual([text, false]);
});
