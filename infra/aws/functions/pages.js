// Maps an address to a file, as infra/site/resolve.py does on one machine. Runs at CloudFront's edge locations
// (cloudfront-js-2.0) for every request to the bucket.
// The existing pages, inserted by infra/aws/resources/stack_templates.py; null: unknown, so the bucket decides.
const PAGES = null;
const MISSING = "There is no page at this address. Please check it, or open the study again from the place where you found it.";

function handler(event) {
  const request = event.request;
  const parts = partsOf(request.uri);
  // The dashboard's files belong to its own host, which shares the bucket.
  if (parts === null || parts[0] === "dashboard-static") return missing(request);
  const page = parts.join("/") || "ad";
  const isFile = parts[0] === "static" || page === "robots.txt";
  if (!isFile && PAGES !== null && !PAGES.includes(page)) {
    // A route of the API, which accepts no trailing slash.
    return request.uri.endsWith("/") ? sentTo("/" + encoded(parts), request) : missing(request);
  }
  request.uri = "/" + (encoded(parts) || "ad") + (isFile ? "" : ".html");
  return request;
}

function partsOf(uri) {
  let path;
  try {
    path = decodeURIComponent(uri);
  } catch (error) {
    return null; // no file has such a name
  }
  const parts = path.split("/").filter((part) => part !== "");
  const leadsOut = (part) => part === "." || part === ".." || part.includes("\\") || part.includes("\0");
  return parts.some(leadsOut) ? null : parts;
}

function encoded(parts) {
  return parts.map(encodeURIComponent).join("/");
}

function sentTo(uri, request) {
  const query = request.rawQueryString(); // undefined without a query
  return {
    statusCode: 302,
    statusDescription: "Found",
    headers: { location: { value: uri + (query ? "?" + query : "") }, "cache-control": { value: "no-store" } },
  };
}

// The same response as the dev server's: a page for people, JSON in the format of errors for scripts.
function missing(request) {
  const html = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    + '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Not found</title>'
    + '<link rel="stylesheet" href="/static/css/petri.css"></head><body><main class="container">'
    + '<div class="main_div" role="alert"><h1>Not found</h1><p>' + MISSING + '</p></div></main></body></html>';
  const error = { status: "error", error_type: "Not found", error_text: MISSING, error_code: "not_found", html: html };
  const accept = request.headers.accept;
  const isPage = accept !== undefined && accept.value.includes("text/html");
  return {
    statusCode: 404,
    statusDescription: "Not Found",
    headers: {
      "content-type": { value: isPage ? "text/html; charset=utf-8" : "application/json" },
      "cache-control": { value: "no-store" },
    },
    body: { encoding: "text", data: isPage ? html : JSON.stringify(error) },
  };
}
