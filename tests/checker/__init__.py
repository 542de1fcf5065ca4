"""Random runs over HTTP, judged by what must hold in any of them."""
