// The WebSocket API lives at its stage's own address and knows no path below it: /chat becomes /api.
function handler(event) {
  event.request.uri = "/api";
  return event.request;
}
