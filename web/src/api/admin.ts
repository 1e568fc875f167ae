// For operators: how the server is doing, and who is on it.
// SPDX-License-Identifier: MIT
import { get, post } from "./http";

export const overview = () => get("/api/admin");
export const connections = () => get("/api/admin/connections");
export const users = () => get("/api/admin/users");
export const groups = () => get("/api/admin/groups");
export const disconnect = (id: string) => post("/api/admin/disconnect", { id });

export type Overview = Awaited<ReturnType<typeof overview>>;
