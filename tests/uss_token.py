"""The tokens of the USS that tests run; apart, so that a process that only asks need not import a server."""

TOKEN, REVIEW_TOKEN = "agent-secret", "reviewer-secret"
