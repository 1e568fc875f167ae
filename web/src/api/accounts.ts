// Accounts: registering, logging in and out, one's own profile.
// SPDX-License-Identifier: MIT
import { address, get, getBlob, post, postForm } from "./http";

export interface Registration {
  username: string;
  email: string;
  password: string;
  code: string;
}

export interface Login {
  loginName: string; // Username or e-mail address.
  password: string;
  code: string; // What the captcha shows.
  uid: string; // Which captcha.
}

export const sendCode = (email: string) => post("/api/auth/sendCode", { email });
export const register = (registration: Registration) => post("/api/auth/register", registration);
export const login = (login: Login) => post("/api/auth/login", login);
export const logout = () => get("/api/auth/logout");

// The captcha as an image. The spelling of the path is the contract's. The type is set here
// because the answer calls the SVG text/html, which an <img> would not show.
export async function captcha(uid: string): Promise<Blob> {
  const picture = await getBlob(address("/api/auth/catpcha", { uid }));
  return new Blob([picture], { type: "image/svg+xml" });
}

export const profile = () => get("/api/user");
export const updateProfile = (change: { username?: string; nickname?: string }) =>
  post("/api/user", change);
export const uploadAvatar = (picture: Blob) => postForm("/api/user/avatar", { file: picture });
