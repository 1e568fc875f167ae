export async function withEngine(name, use) {
  if (name === "sqlite") return use({ env: {} });
}
