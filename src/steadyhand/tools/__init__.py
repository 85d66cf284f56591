"""Tools as people have them (HTTP endpoints, Python functions, OpenAPI documents, MCP servers), each called in one careful way."""
