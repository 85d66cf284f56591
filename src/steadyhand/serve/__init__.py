"""The agent and the bare model behind OpenAI's HTTP interface."""
