"""USS as a real service: ratings of URIs, feedback with review, over HTTP. Knows nothing of agents or training data."""
