"""JSON Schema 2020-12, with a bound on the work that a schema may ask for. `chat.schema` is the way in."""
