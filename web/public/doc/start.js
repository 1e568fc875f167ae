// Shows the interface of the server that this page came from; nothing is asked of any other.
// SPDX-License-Identifier: MIT
window.SwaggerUIBundle({
  url: "/doc/openapi.json",
  dom_id: "#doc",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
