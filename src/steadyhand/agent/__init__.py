"""The agent that acts on reports: what it reads, what it may write, and the record of all of it."""
