// A page and an API route share this address: GET /launch is the page, POST /launch the API. CloudFront routes by
// the address alone and sends both to the API, so GET is redirected to the page's file.
function handler(event) {
  const request = event.request;
  if (request.method !== "GET" && request.method !== "HEAD") return request;
  const query = request.rawQueryString(); // undefined without a query
  return {
    statusCode: 302,
    statusDescription: "Found",
    headers: {
      location: { value: request.uri + ".html" + (query ? "?" + query : "") },
      "cache-control": { value: "no-store" },
    },
  };
}
