// SPDX-License-Identifier: MIT
import { defineConfig } from "vite";

// `npm run dev` serves the page from the sources and asks this server for everything else.
const server = "http://localhost:3000";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2022",
    // Every asset is a file of its own: the page's policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/api": server,
      "/files": server,
      "/socket.io": { target: server, ws: true },
    },
  },
});
