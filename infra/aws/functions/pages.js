// Which file answers an address: what infra/site/resolve.py does on one machine. Runs at CloudFront's
// edges (cloudfront-js-2.0) for every request that goes to the bucket.
const NOT_FOUND = { statusCode: 404, statusDescription: "Not Found" };

function handler(event) {
  const key = keyOf(event.request.uri);
  if (key === null) return NOT_FOUND;
  event.request.uri = "/" + key;
  return event.request;
}

function keyOf(uri) {
  let path;
  try {
    path = decodeURIComponent(uri);
  } catch (error) {
    return null; // no file has such a name
  }
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.some((part) => part === "." || part === ".." || part.includes("\\") || part.includes("\0"))) {
    return null;
  }
  const name = parts.map(encodeURIComponent).join("/") || "ad";
  return parts[0] === "static" || name === "robots.txt" ? name : name + ".html";
}
