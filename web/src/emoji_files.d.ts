// The addresses of files that vite.config.ts makes.
// SPDX-License-Identifier: MIT
declare module "emoji:*" {
  const address: string;
  export default address;
}
