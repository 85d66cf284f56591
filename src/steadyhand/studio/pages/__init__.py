"""One module a page. Each has a `PAGE`; the application finds it here, and nothing else needs to know of it."""
