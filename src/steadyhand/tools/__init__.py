"""Tools as people have them (HTTP, Python functions, OpenAPI documents, MCP servers), all called in one careful way."""
