"""`make loop`: the agent of `make demo` meets a changed service, its failures are reviewed, and it learns from them."""
