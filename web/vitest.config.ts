// SPDX-License-Identifier: MIT
import { defineConfig, mergeConfig } from "vitest/config";
import build from "./vite.config";

export default mergeConfig(
  build,
  defineConfig({
    test: {
      environment: "jsdom",
      environmentOptions: { jsdom: { url: "http://chat.example:8080/" } },
      include: ["tests/**/*.test.{ts,tsx}"],
    },
  }),
);
