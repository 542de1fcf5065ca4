// Every address of the dashboard's host that no behaviour names. Nothing of the experiment is served there: its
// scripts would run at the dashboard's origin.
function handler(event) {
  const headers = { "cache-control": { value: "no-store" } };
  if (event.request.uri === "/") {
    headers.location = { value: "/dashboard" };
    return { statusCode: 302, statusDescription: "Found", headers: headers };
  }
  headers["content-type"] = { value: "text/plain; charset=utf-8" };
  return {
    statusCode: 404,
    statusDescription: "Not Found",
    headers: headers,
    body: { encoding: "text", data: "There is nothing at this address. The dashboard is at /dashboard." },
  };
}
