// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import { defineConfig, type Plugin } from "vite";

// `npm run dev` serves the page from the sources and asks this server for everything else.
const server = "http://localhost:3000";

interface Emoji {
  unicode: string;
  label: string;
  tags?: string[];
  group?: number;
}

const componentsGroup = 2; // Skin tones and hair alone: nothing that anybody sends.

// "emoji:en" is the address of a file with the emoji of that language: group by group a list of
// [sign, name, other words for it]. As data it is fetched when somebody opens the picker, and is
// no part of the script.
function emojiFiles(): Plugin {
  const require = createRequire(import.meta.url);
  let isBuilt = false;
  const table = (language: string) => {
    const all = require(`emojibase-data/${language}/compact.json`) as Emoji[];
    const shown = all.filter(({ group }) => group !== undefined && group !== componentsGroup);
    const groups = [...new Set(shown.map(({ group }) => group))];
    const row = ({ unicode, label, tags }: Emoji) => [unicode, label, (tags ?? []).join(" ")];
    return JSON.stringify(groups.map((group) => shown.filter((e) => e.group === group).map(row)));
  };
  return {
    name: "emoji-files",
    configResolved: (config) => void (isBuilt = config.command === "build"),
    resolveId: (id) => (id.startsWith("emoji:") ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith("\0emoji:")) return undefined;
      const language = id.slice("\0emoji:".length);
      const source = table(language);
      if (!isBuilt) {
        const address = `data:application/json,${encodeURIComponent(source)}`;
        return `export default ${JSON.stringify(address)}`;
      }
      const file = this.emitFile({ type: "asset", name: `emoji-${language}.json`, source });
      return `export default import.meta.ROLLUP_FILE_URL_${file}`;
    },
  };
}

export default defineConfig({
  plugins: [emojiFiles()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  resolve: {
    // The virtual list is written for React, of which Preact has the parts it needs.
    alias: {
      "react/jsx-runtime": "preact/jsx-runtime",
      "react-dom": "preact/compat",
      react: "preact/compat",
    },
  },
  build: {
    target: "es2022",
    // Every asset is a file of its own: the page's policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      // What packages tell bundlers that work otherwise is no news for us.
      onwarn(warning, warn) {
        if (!/^(INVALID_ANNOTATION|MODULE_LEVEL_DIRECTIVE)$/.test(warning.code ?? ""))
          warn(warning);
      },
    },
  },
  server: {
    proxy: {
      "/api": server,
      "/files": server,
      "/socket.io": { target: server, ws: true },
    },
  },
});
