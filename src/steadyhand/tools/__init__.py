"""Tools as people have them (HTTP endpoints, Python functions, OpenAPI documents), each called in one careful way."""
