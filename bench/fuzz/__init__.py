"""Coverage-guided fuzzing; needs the package atheris, which nothing else here does."""
