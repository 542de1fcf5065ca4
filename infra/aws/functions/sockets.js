// The WebSocket API is served at its stage's address and accepts no path below it: /chat becomes /api.
function handler(event) {
  event.request.uri = "/api";
  return event.request;
}
